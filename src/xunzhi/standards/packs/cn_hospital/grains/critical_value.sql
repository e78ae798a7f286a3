SELECT
    institution, critical_value_id, source, patient_id, encounter_id, setting, department, ward, item,
    detected_time, notified_time, acknowledged_time, handled_time,
    CASE WHEN notified_time >= detected_time THEN date_diff('minute', detected_time, notified_time) END
        AS notice_minutes,
    CASE WHEN acknowledged_time >= detected_time THEN date_diff('minute', detected_time, acknowledged_time) END
        AS receipt_minutes,
    CASE WHEN handled_time >= acknowledged_time THEN date_diff('minute', acknowledged_time, handled_time) END
        AS handling_minutes,
    CAST(handled_time AS DATE) = CAST(acknowledged_time AS DATE) AS handled_same_day
FROM critical_value
