SELECT
    institution, specimen_id, order_id, patient_id, encounter_id, setting, department, ward,
    received_time, collected_time, reported_time,
    panel, specimen_type, lab_section, urgent, anticoagulated, pathogen_test,
    defect, rejected, report_incorrect,
    CASE WHEN received_time >= collected_time THEN date_diff('minute', collected_time, received_time) END
        AS transport_minutes,
    CASE WHEN reported_time >= received_time THEN date_diff('minute', received_time, reported_time) END
        AS laboratory_minutes
FROM lab_specimen
