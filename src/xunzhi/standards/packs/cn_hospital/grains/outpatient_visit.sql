-- One row per outpatient visit; emergency visits have a table of their own.
SELECT
    institution, visit_id, patient_id, visit_time, department, doctor, visit_kind,
    coalesce(appointment, appointment_time IS NOT NULL) AS by_appointment,
    CASE
        WHEN coalesce(appointment, appointment_time IS NOT NULL)
            AND seen_time >= check_in_time AND CAST(seen_time AS DATE) = CAST(check_in_time AS DATE)
            THEN date_diff('minute', check_in_time, seen_time)
    END AS waiting_minutes,
    coalesce(referral = 'down_out', FALSE) AS referred_down
FROM outpatient_visit
WHERE visit_kind IS NULL OR visit_kind <> '1'
