-- One row per procedure on the front page of a discharge; operations are the categories operation and intervention.
SELECT
    p.institution,
    p.encounter_id,
    p.sequence,
    p.patient_id,
    p.discharge_time,
    p.department,
    p.ward,
    p.surgeon,
    p.icd9cm3,
    p.level,
    p.urgency,
    p.incision_healing,
    coalesce(p.category IN ('operation', 'intervention'), FALSE) AS is_operation,
    coalesce(p.category IN ('operation', 'intervention') AND p.urgency = 'elective', FALSE) AS is_elective,
    coalesce(p.category IN ('operation', 'intervention') AND p.minimally_invasive, FALSE) AS is_minimally_invasive,
    coalesce(p.category IN ('operation', 'intervention') AND p.national_level4, FALSE) AS is_national_level4,
    coalesce(p.category IN ('operation', 'intervention') AND p.incision_healing IN ('1', '2', '3', '10'), FALSE)
        AS is_class_1,
    coalesce(p.category IN ('operation', 'intervention') AND p.incision_healing = '3', FALSE) AS is_class_1_infected,
    coalesce(e.day_surgery = '1', FALSE) AS is_day_surgery
FROM procedure AS p
LEFT JOIN encounter AS e ON e.institution = p.institution AND e.encounter_id = p.encounter_id
WHERE p.discharge_time IS NOT NULL
