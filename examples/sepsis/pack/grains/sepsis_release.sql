-- One row per release, with the first return to the emergency department after it.
WITH returned AS (
    SELECT e.institution, e.encounter_id, min(v.arrival_time) AS arrival_time
    FROM encounter AS e
    JOIN emergency_visit AS v ON v.institution = e.institution AND v.patient_id = e.patient_id
    WHERE v.previous_visit_id IS NOT NULL AND v.arrival_time >= e.discharge_time
    GROUP BY e.institution, e.encounter_id
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.discharge_time,
    e.department,
    date_diff('second', e.admission_time, e.discharge_time) / 86400.0 AS stay_days,
    date_diff('second', e.discharge_time, r.arrival_time) / 86400.0 AS days_to_return
FROM encounter AS e
LEFT JOIN returned AS r ON r.institution = e.institution AND r.encounter_id = e.encounter_id
WHERE e.discharge_time IS NOT NULL
