SELECT
    d.institution, d.device_use_id, d.patient_id, d.encounter_id, d.department, d.ward, d.device,
    d.start_time, d.stop_time, d.removal, d.reinserted_time,
    coalesce(d.removal = 'unplanned', FALSE) AS unplanned,
    date_diff('minute', d.stop_time, d.reinserted_time) / 60.0 AS reinserted_hours,
    coalesce(w.is_icu, FALSE) AS in_icu
FROM device_use AS d
LEFT JOIN department AS w ON w.institution = d.institution AND w.department = d.ward
WHERE d.stop_time IS NOT NULL
