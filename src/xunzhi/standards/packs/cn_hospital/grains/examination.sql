SELECT
    institution, examination_id, order_id, patient_id, encounter_id, setting, department, ward, modality, item, urgent,
    ordered_time, performed_time, reported_time, positive, critical, report_incorrect,
    CASE WHEN reported_time >= performed_time THEN date_diff('minute', performed_time, reported_time) END
        AS report_minutes
FROM examination
