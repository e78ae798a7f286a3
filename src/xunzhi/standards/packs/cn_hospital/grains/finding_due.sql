SELECT
    institution, finding_id, due_time, department, ward, source, severity,
    coalesce(CAST(done_time AS DATE) <= CAST(due_time AS DATE) AND coalesce(effective, TRUE), FALSE) AS done_on_time
FROM finding
WHERE due_time IS NOT NULL
