-- One row per mother delivered.
WITH complicated AS (
    SELECT DISTINCT institution, encounter_id
    FROM diagnosis
    WHERE kind IN ('principal', 'other') AND substr(icd10, 1, 3) IN ('O70', 'O71', 'O72')
)
SELECT
    b.institution,
    b.delivery_id,
    b.delivery_time,
    b.department,
    b.ward,
    b.patient_id,
    b.encounter_id,
    b.gestational_weeks >= 28 AS counts,
    b.gestational_weeks >= 28 AND b.mode IN ('vaginal', 'instrumental') AS vaginal,
    b.gestational_weeks >= 28 AND b.mode = 'caesarean' AS caesarean,
    b.nulliparous AND b.fetuses = 1 AND b.presentation = 'cephalic'
        AND b.gestational_weeks >= 37 AND b.gestational_weeks < 42 AS ntsv,
    coalesce(b.neuraxial_analgesia, FALSE) AS neuraxial_analgesia,
    b.blood_loss_24h_ml >= CASE WHEN b.mode = 'caesarean' THEN 1000 ELSE 500 END AS haemorrhage,
    b.blood_loss_24h_ml >= 1000 AS severe_haemorrhage,
    c.encounter_id IS NOT NULL AS complicated,
    coalesce(e.discharge_way = '5', FALSE) AS mother_died
FROM delivery AS b
LEFT JOIN encounter AS e ON e.institution = b.institution AND e.encounter_id = b.encounter_id
LEFT JOIN complicated AS c ON c.institution = b.institution AND c.encounter_id = b.encounter_id
