WITH infected AS (
    SELECT institution, encounter_id, bool_or(mdro IS NOT NULL) AS resistant
    FROM infection
    WHERE origin = 'hospital' AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
skin AS (
    SELECT institution, encounter_id, count(*) AS injuries
    FROM adverse_event
    WHERE subtype IN ('SKN01', 'SKN02')
        AND pressure_stage <> '1'
        AND NOT coalesce(present_on_admission, FALSE)
        AND coalesce(status, 'submitted') NOT IN ('draft', 'invalid', 'merged')
        AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
assessed AS (
    SELECT
        institution, encounter_id,
        min(CASE WHEN scale = 'morse' THEN assessed_time END) AS fall_time,
        min(CASE WHEN scale = 'nrs_pain' THEN assessed_time END) AS pain_time,
        bool_or(scale = 'nrs2002') AS nutrition,
        bool_or(scale IN ('caprini', 'padua')) AS vte,
        bool_or(scale IN ('caprini', 'padua') AND coalesce(risk IN ('medium', 'high', 'very_high'), FALSE))
            AS vte_at_risk,
        bool_or(
            scale IN ('caprini', 'padua') AND coalesce(risk IN ('medium', 'high', 'very_high'), FALSE)
            AND coalesce(measures_ok, FALSE)
        ) AS vte_prevented
    FROM nursing_assessment
    WHERE scale IN ('morse', 'nrs_pain', 'nrs2002', 'caprini', 'padua') AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
cared AS (
    SELECT institution, encounter_id, count(*) AS notes
    FROM document
    WHERE document_type = 'pharmaceutical_care' AND NOT coalesce(voided, FALSE) AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
)
SELECT
    e.institution, e.encounter_id, e.patient_id, e.discharge_time, e.department, e.ward,
    e.attending_doctor AS doctor,
    i.encounter_id IS NOT NULL AS hospital_infection,
    coalesce(i.resistant, FALSE) AS resistant_infection,
    s.encounter_id IS NOT NULL AS pressure_injury,
    coalesce(a.fall_time <= coalesce(e.ward_arrival_time, e.admission_time) + INTERVAL 8 HOUR, FALSE)
        AS fall_risk_timely,
    coalesce(a.pain_time <= coalesce(e.ward_arrival_time, e.admission_time) + INTERVAL 8 HOUR, FALSE) AS pain_timely,
    coalesce(a.nutrition, FALSE) AS nutrition_screened,
    coalesce(a.vte, FALSE) AS vte_assessed,
    coalesce(a.vte_at_risk, FALSE) AS vte_at_risk,
    coalesce(a.vte_prevented, FALSE) AS vte_prevented,
    c.encounter_id IS NOT NULL AS pharmaceutical_care
FROM encounter AS e
LEFT JOIN infected AS i ON i.institution = e.institution AND i.encounter_id = e.encounter_id
LEFT JOIN skin AS s ON s.institution = e.institution AND s.encounter_id = e.encounter_id
LEFT JOIN assessed AS a ON a.institution = e.institution AND a.encounter_id = e.encounter_id
LEFT JOIN cared AS c ON c.institution = e.institution AND c.encounter_id = e.encounter_id
WHERE e.discharge_time IS NOT NULL
