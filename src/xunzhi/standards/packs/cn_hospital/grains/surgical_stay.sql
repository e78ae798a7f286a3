-- One row per discharge with at least one performed operation in the theatre system.
WITH performed AS (
    SELECT
        institution, operation_id, encounter_id, patient_id, start_time, end_time, unplanned, unplanned_return,
        previous_operation_id,
        lag(end_time) OVER (PARTITION BY institution, encounter_id ORDER BY start_time, operation_id) AS last_end,
        row_number() OVER (PARTITION BY institution, encounter_id ORDER BY start_time, operation_id) AS place
    FROM operation
    WHERE start_time IS NOT NULL AND coalesce(category, 'operation') IN ('operation', 'intervention')
),
returning_ones AS (
    SELECT
        o.institution, o.encounter_id, o.unplanned, o.unplanned_return, o.place,
        date_diff('second', coalesce(p.end_time, p.start_time, o.last_end), o.start_time) / 60 AS minutes_since
    FROM performed AS o
    JOIN encounter AS e ON e.institution = o.institution AND e.encounter_id = o.encounter_id
    LEFT JOIN performed AS p -- of the stay's patient: the operation may carry another system's number
        ON p.institution = o.institution AND p.patient_id = e.patient_id AND p.operation_id = o.previous_operation_id
),
operated AS (
    SELECT
        institution, encounter_id,
        count(*) AS operations,
        bool_or(coalesce(unplanned, FALSE)) AS unplanned_operation,
        bool_or(coalesce(unplanned_return, FALSE) AND place > 1) AS returned,
        bool_or(coalesce(unplanned_return AND minutes_since <= 48 * 60, FALSE)) AS returned_48h,
        bool_or(coalesce(unplanned_return AND minutes_since <= 31 * 24 * 60, FALSE)) AS returned_31d
    FROM returning_ones
    GROUP BY institution, encounter_id
),
care AS (
    SELECT
        m.institution, m.encounter_id, m.care_level,
        row_number() OVER (
            PARTITION BY m.institution, m.encounter_id ORDER BY m.ordered_time DESC, m.order_id DESC
        ) AS newest
    FROM medical_order AS m
    JOIN operated AS o ON o.institution = m.institution AND o.encounter_id = m.encounter_id
    WHERE m.care_level IS NOT NULL AND NOT coalesce(m.cancelled, FALSE)
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.discharge_time,
    e.department,
    e.ward,
    e.attending_doctor AS doctor,
    o.operations,
    o.unplanned_operation,
    o.returned,
    o.returned_48h,
    o.returned_31d,
    coalesce(c.care_level IN ('special', '1'), FALSE) AS intensive_care_at_discharge
FROM encounter AS e
JOIN operated AS o ON o.institution = e.institution AND o.encounter_id = e.encounter_id
LEFT JOIN care AS c ON c.institution = e.institution AND c.encounter_id = e.encounter_id AND c.newest = 1
WHERE e.discharge_time IS NOT NULL
