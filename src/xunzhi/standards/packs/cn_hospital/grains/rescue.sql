-- One row per rescue of a critically ill patient.
SELECT
    r.institution,
    r.rescue_id,
    r.start_time,
    r.department,
    r.ward,
    r.patient_id,
    r.encounter_id,
    r.visit_id,
    r.setting,
    coalesce(r.survived, FALSE) AS survived,
    r.cardiac_arrest IS NOT NULL AS cardiac_arrest,
    coalesce(r.cardiac_arrest = 'out_of_hospital', FALSE) AS arrest_outside,
    coalesce(r.cardiac_arrest = 'in_hospital', FALSE) AS arrest_inside,
    r.rosc_time IS NOT NULL AS circulation_returned,
    coalesce(r.circulation_minutes, 0) AS circulation_minutes,
    coalesce(r.comatose, FALSE) AS comatose,
    date_diff('second', r.ttm_start_time, r.ttm_end_time) / 60 AS ttm_minutes,
    date_diff('second', r.ecpr_cannulation_time, r.ecpr_flow_time) / 60 AS ecpr_minutes,
    CASE
        WHEN r.encounter_id IS NOT NULL THEN e.discharge_time IS NOT NULL
        ELSE v.departure_time IS NOT NULL OR v.disposition = '5'
    END AS left_hospital,
    CASE
        WHEN r.encounter_id IS NOT NULL THEN e.discharge_time IS NOT NULL AND coalesce(e.discharge_way <> '5', FALSE)
        ELSE v.departure_time IS NOT NULL AND coalesce(v.disposition <> '5', FALSE)
    END AS left_alive
FROM rescue AS r
LEFT JOIN encounter AS e ON e.institution = r.institution AND e.encounter_id = r.encounter_id
LEFT JOIN emergency_visit AS v ON v.institution = r.institution AND v.visit_id = r.visit_id
