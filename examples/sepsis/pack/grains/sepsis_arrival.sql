-- One row per first arrival; a return has the visit before it.
WITH given AS (
    SELECT institution, visit_id, min(administered_time) AS antibiotic
    FROM drug_administration
    WHERE atc LIKE 'J01%'
    GROUP BY institution, visit_id
),
tested AS (
    SELECT institution, visit_id, min(result_time) AS lactate
    FROM lab_result
    WHERE item_code = 'LacticAcid'
    GROUP BY institution, visit_id
),
places AS (
    SELECT institution, encounter_id, admission_department AS department FROM encounter
    UNION
    SELECT institution, encounter_id, to_department FROM transfer
),
wards AS (
    SELECT p.institution, p.encounter_id
    FROM places AS p
    JOIN department AS d ON d.institution = p.institution AND d.department = p.department
    GROUP BY p.institution, p.encounter_id
    HAVING bool_or(NOT coalesce(d.is_icu, FALSE))
),
intensive AS (
    SELECT DISTINCT institution, encounter_id FROM icu_stay
)
SELECT
    v.institution,
    v.visit_id,
    v.patient_id,
    v.arrival_time,
    v.department,
    date_diff('second', v.arrival_time, g.antibiotic) / 60.0 AS antibiotic_minutes,
    date_diff('second', v.arrival_time, t.lactate) / 60.0 AS lactate_minutes,
    w.encounter_id IS NOT NULL AS to_ward,
    i.encounter_id IS NOT NULL AS to_icu
FROM emergency_visit AS v
LEFT JOIN given AS g ON g.institution = v.institution AND g.visit_id = v.visit_id
LEFT JOIN tested AS t ON t.institution = v.institution AND t.visit_id = v.visit_id
LEFT JOIN wards AS w ON w.institution = v.institution AND w.encounter_id = v.encounter_id
LEFT JOIN intensive AS i ON i.institution = v.institution AND i.encounter_id = v.encounter_id
WHERE v.previous_visit_id IS NULL
