SELECT
    institution, newborn_id, birth_time, department, ward, patient_id, delivery_id,
    coalesce(live, FALSE) AS live,
    coalesce(live, FALSE) AND coalesce(gestational_weeks >= 37 AND gestational_weeks < 42, FALSE) AS live_at_term,
    apgar_5min
FROM newborn
