-- One row per ICU stay that ended. Moving from one ICU straight into another is no departure from intensive care.
WITH stays AS (
    SELECT
        institution, icu_stay_id, in_time, out_time, department, ward, patient_id, encounter_id, to_department,
        predicted_mortality,
        lead(in_time) OVER (PARTITION BY institution, patient_id ORDER BY in_time, icu_stay_id) AS next_in_time
    FROM icu_stay
)
SELECT
    i.institution,
    i.icu_stay_id,
    i.out_time,
    i.department,
    i.ward,
    i.patient_id,
    i.encounter_id,
    i.predicted_mortality,
    coalesce(e.died_time <= i.out_time, FALSE) OR coalesce(e.dying_day <= CAST(i.out_time AS DATE), FALSE) AS died,
    NOT coalesce(d.is_icu, FALSE)
        AND NOT coalesce(e.died_time <= i.out_time, FALSE)
        AND NOT coalesce(e.dying_day <= CAST(i.out_time AS DATE), FALSE) AS left_alive,
    coalesce(i.next_in_time <= i.out_time + INTERVAL 48 HOUR, FALSE) AS returned_48h
FROM stays AS i
LEFT JOIN (
    SELECT
        institution, encounter_id,
        CASE WHEN discharge_way = '5' THEN coalesce(death_time, discharge_time) END AS died_time,
        CASE WHEN discharged_dying THEN CAST(discharge_time AS DATE) END AS dying_day
    FROM encounter
) AS e ON e.institution = i.institution AND e.encounter_id = i.encounter_id
LEFT JOIN department AS d ON d.institution = i.institution AND d.department = i.to_department
WHERE i.out_time IS NOT NULL
