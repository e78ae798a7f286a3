SELECT
    institution, finding_id, found_time, department, ward, source, severity, item, notice_number,
    verified_time IS NOT NULL AND effective IS NOT NULL AS verified,
    coalesce(effective, FALSE) AS effective,
    coalesce(repeated, FALSE) AS repeated
FROM finding
