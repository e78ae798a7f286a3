WITH returned AS (
    SELECT institution, encounter_id, count(*) AS returns
    FROM operation
    WHERE unplanned_return AND start_time IS NOT NULL AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
operated AS (
    SELECT institution, encounter_id, count(*) AS operations
    FROM procedure
    WHERE category IN ('operation', 'intervention') AND level = '4'
    GROUP BY institution, encounter_id
),
conference AS (
    SELECT institution, encounter_id, bool_and(conclusion_recorded_time IS NOT NULL) AS recorded
    FROM case_discussion
    WHERE kind = 'difficult' AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
contact AS (
    SELECT institution, encounter_id, min(done_time) AS done_time
    FROM follow_up
    WHERE done_time IS NOT NULL AND coalesce(reached, TRUE) AND encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.discharge_time,
    e.department,
    e.ward,
    e.attending_doctor AS doctor,
    coalesce(e.discharge_way = '5', FALSE) AS died,
    coalesce(e.unplanned_readmission, FALSE) OR r.encounter_id IS NOT NULL AS unplanned_return,
    coalesce(h.total_cost, e.total_cost) AS total_cost,
    c.encounter_id IS NOT NULL AS discussed,
    coalesce(c.recorded, FALSE) AS discussion_recorded,
    o.encounter_id IS NOT NULL AS level4_surgery,
    f.encounter_id IS NOT NULL AS followed_up,
    coalesce(CAST(f.done_time AS DATE) <= CAST(e.discharge_time AS DATE) + INTERVAL 14 DAY, FALSE)
        AS followed_within_2w
FROM encounter AS e
LEFT JOIN returned AS r ON r.institution = e.institution AND r.encounter_id = e.encounter_id
LEFT JOIN operated AS o ON o.institution = e.institution AND o.encounter_id = e.encounter_id
LEFT JOIN front_page AS h ON h.institution = e.institution AND h.encounter_id = e.encounter_id
LEFT JOIN conference AS c ON c.institution = e.institution AND c.encounter_id = e.encounter_id
LEFT JOIN contact AS f ON f.institution = e.institution AND f.encounter_id = e.encounter_id
WHERE e.discharge_time IS NOT NULL
