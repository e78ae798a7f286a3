SELECT
    institution, event_id, patient_id, encounter_id, department, ward, occurred_time, category, subtype, grade, merp,
    drug_reaction_serious, drug_reaction_new, restrained,
    coalesce(category = 'FAL' AND encounter_id IS NOT NULL, FALSE) AS inpatient_fall,
    coalesce(fall_injury IN ('1', '2', '3', 'death'), FALSE) AS injured
FROM adverse_event
WHERE occurred_time IS NOT NULL AND coalesce(status, 'submitted') NOT IN ('draft', 'invalid', 'merged')
