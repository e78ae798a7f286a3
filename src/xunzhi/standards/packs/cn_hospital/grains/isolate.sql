SELECT
    institution, isolate_id, culture_id, patient_id, encounter_id, department, ward, specimen_type, collected_time,
    organism_code, organism, mdro, origin,
    coalesce(first_isolate, TRUE) AND NOT coalesce(contaminant, FALSE) AS counts
FROM isolate
