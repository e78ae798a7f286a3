WITH prescribed AS (
    SELECT
        institution, visit_id,
        bool_or(coalesce(antibacterial, FALSE)) AS antibacterial,
        bool_or(coalesce(infusion, FALSE)) AS infused,
        bool_or(coalesce(steroid_infusion, FALSE)) AS steroid_infused,
        bool_or(coalesce(essential_drug, FALSE)) AS essential_drug
    FROM prescription
    WHERE visit_id IS NOT NULL
    GROUP BY institution, visit_id
)
SELECT
    v.institution, v.visit_id, v.patient_id, v.department, v.doctor, v.arrival_time,
    p.visit_id IS NOT NULL AS prescribed,
    coalesce(p.antibacterial, FALSE) AS antibacterial,
    coalesce(p.infused, FALSE) AS infused,
    coalesce(p.steroid_infused, FALSE) AS steroid_infused,
    coalesce(p.essential_drug, FALSE) AS essential_drug
FROM emergency_visit AS v
LEFT JOIN prescribed AS p ON p.institution = v.institution AND p.visit_id = v.visit_id
