SELECT
    i.institution, i.infection_id, i.patient_id, i.encounter_id, i.department, i.ward, i.onset_time, i.site, i.origin,
    i.device, i.operation_id, i.dialysis_related, i.mdro, i.outbreak_id, i.reported_time, i.missed,
    coalesce(w.is_icu, FALSE) AS in_icu,
    coalesce(w.is_neonatal, FALSE) AS in_neonatal
FROM infection AS i
LEFT JOIN department AS w ON w.institution = i.institution AND w.department = i.ward
