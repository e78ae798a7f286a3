-- One row per patient who entered the theatre (or another place) for an anaesthetic. Given = the anaesthetic was begun.
WITH booked AS (
    -- implausibly long anaesthetics are left out, so that one wrong end time can't make all later ones overlap
    SELECT
        institution, anaesthesia_id, start_time, end_time,
        max(end_time) OVER (
            PARTITION BY institution, anaesthetist ORDER BY start_time, anaesthesia_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS earlier_end,
        lead(start_time) OVER (PARTITION BY institution, anaesthetist ORDER BY start_time, anaesthesia_id) AS next_start
    FROM anaesthesia
    WHERE anaesthetist IS NOT NULL AND end_time > start_time AND end_time <= start_time + INTERVAL 24 HOUR
),
blood AS (
    SELECT
        a.institution, a.anaesthesia_id,
        sum(CASE WHEN t.autologous THEN coalesce(t.volume_ml, t.units * 200) ELSE 0 END) AS own_ml,
        sum(CASE WHEN t.autologous THEN 0 ELSE coalesce(t.volume_ml, t.units * 200) END) AS donor_ml
    FROM anaesthesia AS a
    JOIN transfusion AS t
        ON t.institution = a.institution
        AND t.operation_id = a.operation_id
        AND t.start_time >= a.start_time
        AND t.start_time <= a.end_time
    GROUP BY a.institution, a.anaesthesia_id
),
died_inside AS (
    SELECT institution, encounter_id, coalesce(death_time, discharge_time) AS death_time
    FROM encounter
    WHERE discharge_way = '5'
),
died_in_emergency AS (
    SELECT institution, visit_id, coalesce(death_time, departure_time) AS death_time
    FROM emergency_visit
    WHERE disposition = '5'
)
SELECT
    a.institution,
    a.anaesthesia_id,
    a.anaesthesia_date,
    a.department,
    a.ward,
    a.patient_id,
    a.encounter_id,
    a.operation_id,
    a.urgency,
    a.start_time IS NOT NULL AS given,
    a.start_time IS NOT NULL AND a.encounter_id IS NOT NULL AS given_inpatient,
    a.start_time IS NOT NULL AND substr(a.method, 1, 2) = '01' AS given_general,
    a.start_time IS NULL AND a.cancelled_time IS NOT NULL AS cancelled_before_start,
    a.start_time IS NOT NULL AND a.cancelled_time >= a.start_time AND o.operation_id IS NOT NULL
        AND o.start_time IS NULL AS cancelled_after_start,
    coalesce(a.outside_theatre, FALSE) AS outside_theatre,
    coalesce(a.previsit_time < coalesce(a.room_in_time, a.start_time), FALSE) AS visited_before,
    coalesce(a.temperature_monitored, FALSE) AS temperature_monitored,
    coalesce(a.warmed, FALSE) AS warmed,
    a.minimum_temperature,
    coalesce(a.intubated, FALSE) AS intubated,
    a.extubation_time IS NOT NULL AS extubated,
    coalesce(a.reintubation_unplanned, FALSE) AS reintubation_unplanned,
    date_diff('second', a.extubation_time, a.reintubation_time) / 60 AS reintubation_minutes,
    a.pacu_in_time IS NOT NULL AS in_pacu,
    date_diff('second', a.pacu_in_time, a.pacu_out_time) / 60 AS pacu_minutes,
    a.pacu_temperature,
    coalesce(a.unplanned_icu, FALSE) AS unplanned_icu,
    coalesce(a.unplanned_icu, FALSE) OR coalesce(o.destination = 'icu', FALSE) AS to_icu,
    coalesce(a.dental_injury, FALSE) AS dental_injury,
    coalesce(a.aspiration, FALSE) AS aspiration,
    coalesce(a.unplanned_airway, FALSE) AS unplanned_airway,
    coalesce(a.cardiac_arrest, FALSE) AS cardiac_arrest,
    coalesce(a.anaphylaxis, FALSE) AS anaphylaxis,
    coalesce(a.awareness, FALSE) AS awareness,
    coalesce(a.regional_block, FALSE) AS regional_block,
    coalesce(a.neurologic_injury, FALSE) AS neurologic_injury,
    coalesce(a.hoarseness, FALSE) AS hoarseness,
    coalesce(a.new_coma, FALSE) AS new_coma,
    coalesce(a.analgesia, FALSE) AS analgesia,
    a.analgesia_pain_score,
    coalesce(a.autologous_ml, 0) > 0 AS cell_salvage,
    coalesce(a.autologous_ml, b.own_ml, 0) AS own_blood_ml,
    coalesce(a.autologous_ml, b.own_ml, 0) + coalesce(b.donor_ml, 0) AS blood_ml,
    coalesce(k.start_time < k.earlier_end, FALSE) OR coalesce(k.next_start < k.end_time, FALSE) AS anaesthetist_overlaps,
    coalesce(
        d.death_time >= a.start_time AND d.death_time <= a.start_time + INTERVAL 24 HOUR, FALSE
    ) OR coalesce(
        v.death_time >= a.start_time AND v.death_time <= a.start_time + INTERVAL 24 HOUR, FALSE
    ) AS died_within_24h
FROM anaesthesia AS a
LEFT JOIN operation AS o ON o.institution = a.institution AND o.operation_id = a.operation_id
LEFT JOIN booked AS k ON k.institution = a.institution AND k.anaesthesia_id = a.anaesthesia_id
LEFT JOIN blood AS b ON b.institution = a.institution AND b.anaesthesia_id = a.anaesthesia_id
LEFT JOIN died_inside AS d ON d.institution = a.institution AND d.encounter_id = a.encounter_id
LEFT JOIN died_in_emergency AS v ON v.institution = a.institution AND v.visit_id = a.visit_id
WHERE a.room_in_time IS NOT NULL OR a.start_time IS NOT NULL
