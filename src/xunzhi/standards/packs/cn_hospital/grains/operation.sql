-- One row per operation on the theatre list, cancelled ones too. Performed = the skin was cut, and the code is an
-- operation or intervention (theatre lists often leave the category empty: such rows count).
WITH booked AS (
    -- implausibly long operations are left out, so that one wrong end time can't make all later ones overlap
    SELECT
        institution, operation_id, start_time, end_time,
        max(end_time) OVER (
            PARTITION BY institution, surgeon ORDER BY start_time, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS earlier_end,
        lead(start_time) OVER (PARTITION BY institution, surgeon ORDER BY start_time, operation_id) AS next_start
    FROM operation
    WHERE surgeon IS NOT NULL AND end_time > start_time AND end_time <= start_time + INTERVAL 24 HOUR
),
blood AS (
    SELECT institution, operation_id, sum(coalesce(units, volume_ml / 200)) AS units
    FROM transfusion
    WHERE operation_id IS NOT NULL AND start_time IS NOT NULL
    GROUP BY institution, operation_id
)
SELECT
    o.institution,
    o.operation_id,
    o.operation_date,
    o.department,
    o.ward,
    o.surgeon,
    o.patient_id,
    o.encounter_id,
    o.level,
    o.urgency,
    o.start_time IS NOT NULL AND coalesce(o.category, 'operation') IN ('operation', 'intervention') AS performed,
    o.start_time IS NOT NULL AND coalesce(o.category, 'operation') IN ('operation', 'intervention')
        AND o.setting = 'inpatient' AS performed_inpatient,
    coalesce(o.day_surgery, FALSE) AS day_surgery,
    coalesce(o.day_surgery_converted, FALSE) AS day_surgery_converted,
    o.start_time IS NULL AND coalesce(CAST(o.cancelled_time AS DATE) = o.operation_date, FALSE) AS cancelled_on_day,
    coalesce(o.sequence_in_theatre = 1, FALSE) AS first_case,
    date_diff('second', o.scheduled_time, o.start_time) / 60 AS minutes_late,
    o.diagnosis_agrees,
    o.discussion_time IS NOT NULL AS discussed,
    coalesce(o.discussion_time < coalesce(least(o.ordered_time, o.consent_time), o.start_time), FALSE)
        AS discussed_in_time,
    coalesce(o.discussion_surgeon_present, FALSE) AS discussion_surgeon_present,
    coalesce(o.planned_icd9cm3 = o.icd9cm3, FALSE) AS as_planned,
    coalesce(o.planned_surgeon = o.surgeon, FALSE) AS planned_surgeon_operated,
    coalesce(o.mdt_time < o.start_time, FALSE) AS mdt_before,
    coalesce(o.bedside_handover, FALSE) AS bedside_handover,
    coalesce(b.start_time < b.earlier_end, FALSE) OR coalesce(b.next_start < b.end_time, FALSE) AS surgeon_overlaps,
    coalesce(t.units, 0) AS blood_units
FROM operation AS o
LEFT JOIN booked AS b ON b.institution = o.institution AND b.operation_id = o.operation_id
LEFT JOIN blood AS t ON t.institution = o.institution AND t.operation_id = o.operation_id
