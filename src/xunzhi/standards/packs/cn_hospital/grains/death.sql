-- One row per death in hospital. The day of death is day 0; without a time of death the discharge stands for it.
WITH counted_days AS (
    SELECT
        institution, day, working,
        sum(CASE WHEN working THEN 1 ELSE 0 END) OVER (PARTITION BY institution ORDER BY day) AS working_days
    FROM calendar
),
limits AS (
    SELECT c.institution, c.day, w.day AS due
    FROM counted_days AS c
    JOIN counted_days AS w ON w.institution = c.institution AND w.working AND w.working_days = c.working_days + 5
),
conference AS (
    SELECT
        institution, encounter_id,
        min(held_time) AS held_time,
        bool_or(coalesce(chair_role = 'department_head', FALSE)) AS chaired_by_head,
        bool_or(coalesce(hospital_level, FALSE)) AS hospital_level
    FROM case_discussion
    WHERE kind = 'death' AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
disputed AS (
    SELECT institution, encounter_id, count(*) AS disputes
    FROM dispute
    WHERE encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.discharge_time,
    e.death_time,
    e.department,
    e.ward,
    e.attending_doctor AS doctor,
    l.due AS discussion_due,
    coalesce(CAST(c.held_time AS DATE) <= l.due, FALSE) AS discussed_on_time,
    coalesce(
        CAST(c.held_time AS DATE) <= CAST(coalesce(e.death_time, e.discharge_time) AS DATE) + INTERVAL 7 DAY, FALSE
    ) AS discussed_within_week,
    coalesce(c.chaired_by_head, FALSE) AS chaired_by_head,
    coalesce(c.hospital_level, FALSE) AS hospital_discussed,
    d.encounter_id IS NOT NULL AS disputed
FROM encounter AS e
LEFT JOIN limits AS l
    ON l.institution = e.institution AND l.day = CAST(coalesce(e.death_time, e.discharge_time) AS DATE)
LEFT JOIN conference AS c ON c.institution = e.institution AND c.encounter_id = e.encounter_id
LEFT JOIN disputed AS d ON d.institution = e.institution AND d.encounter_id = e.encounter_id
WHERE e.discharge_way = '5' AND e.discharge_time IS NOT NULL
