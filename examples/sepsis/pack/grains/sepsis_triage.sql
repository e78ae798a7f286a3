-- One row per sepsis triage. In the log a patient is one case, so the first antibiotic, fluid and lactate of the
-- patient are those of the case.
WITH given AS (
    SELECT
        institution, patient_id,
        min(CASE WHEN atc LIKE 'J01%' THEN administered_time END) AS antibiotic,
        min(CASE WHEN atc LIKE 'B05%' THEN administered_time END) AS fluid
    FROM drug_administration
    GROUP BY institution, patient_id
),
tested AS (
    SELECT
        a.institution, a.assessment_id,
        min(l.result_time) AS lactate,
        min(CASE WHEN l.result_time >= a.assessed_time THEN l.result_time END) AS lactate_after
    FROM nursing_assessment AS a
    JOIN lab_result AS l ON l.institution = a.institution AND l.patient_id = a.patient_id
    WHERE a.scale = 'sepsis_triage' AND l.item_code = 'LacticAcid'
    GROUP BY a.institution, a.assessment_id
)
SELECT
    a.institution,
    a.assessment_id,
    a.patient_id,
    a.assessed_time,
    a.department,
    date_diff('second', a.assessed_time, g.antibiotic) / 60.0 AS antibiotic_minutes,
    date_diff('second', a.assessed_time, g.fluid) / 60.0 AS fluid_minutes,
    date_diff('second', a.assessed_time, t.lactate) / 60.0 AS lactate_minutes,
    date_diff('second', a.assessed_time, t.lactate_after) / 60.0 AS lactate_after_minutes,
    coalesce(t.lactate < g.antibiotic, FALSE) AS lactate_first
FROM nursing_assessment AS a
LEFT JOIN given AS g ON g.institution = a.institution AND g.patient_id = a.patient_id
LEFT JOIN tested AS t ON t.institution = a.institution AND t.assessment_id = a.assessment_id
WHERE a.scale = 'sepsis_triage'
