SELECT
    institution, event_id, due_time, department, ward, patient_id, category, grade, verified_time, closed_time,
    coalesce(CAST(verified_time AS DATE) <= CAST(due_time AS DATE), FALSE) AS verified_on_time
FROM adverse_event
WHERE due_time IS NOT NULL AND coalesce(status, 'submitted') NOT IN ('draft', 'invalid', 'merged')
