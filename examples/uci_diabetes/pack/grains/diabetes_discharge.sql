-- One row per stay.
WITH tested AS (
    SELECT DISTINCT institution, encounter_id FROM lab_result WHERE item_code = 'HbA1c'
)
SELECT
    f.institution, f.encounter_id, e.patient_id, f.discharge_time, e.department, f.age_band,
    f.readmitted = '<30' AS back_within_30,
    f.disposition NOT IN ('11', '13', '14', '19', '20', '21') AS at_risk,
    f.disposition = '7' AS left_against_advice,
    f.disposition IN ('13', '14') AS hospice,
    coalesce(e.visit_number = 1, FALSE) AS first_stay,
    t.encounter_id IS NOT NULL AS hba1c,
    f.race, f.weight, f.payer, f.icd9_1, f.icd9_2, f.icd9_3
FROM diabetes_form AS f
LEFT JOIN encounter AS e ON e.institution = f.institution AND e.encounter_id = f.encounter_id
LEFT JOIN tested AS t ON t.institution = f.institution AND t.encounter_id = f.encounter_id
