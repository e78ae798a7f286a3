SELECT
    institution, dispute_id, opened_time, department, ward, patient_id, encounter_id, way, patient_died, compensation,
    responsibility, closed_time
FROM dispute
