SELECT
    institution,
    event_id,
    reported_time,
    department,
    ward,
    patient_id,
    encounter_id,
    visit_id,
    category,
    subtype,
    grade,
    coalesce(anonymous, FALSE) AS anonymous,
    date_diff('second', coalesce(discovered_time, occurred_time), reported_time) / 60.0 AS minutes_to_report,
    coalesce(patient_informed_time <= coalesce(discovered_time, occurred_time) + INTERVAL 24 HOUR, FALSE)
        AS informed_within_24h,
    coalesce(rca_required, FALSE) AS rca_required,
    rca_finished_time IS NOT NULL AS rca_finished
FROM adverse_event
WHERE coalesce(status, 'submitted') NOT IN ('draft', 'invalid', 'merged')
