SELECT
    institution, follow_up_id, due_date, department, ward, patient_id, encounter_id, kind, method, alive,
    done_time IS NOT NULL AND coalesce(reached, TRUE) AS done,
    coalesce(CAST(done_time AS DATE) <= due_date AND coalesce(reached, TRUE), FALSE) AS done_on_time
FROM follow_up
