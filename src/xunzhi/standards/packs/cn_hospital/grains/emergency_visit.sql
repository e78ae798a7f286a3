-- One row per emergency visit. A death counts wherever it happened: in the emergency department or after admission.
WITH resuscitations AS (
    SELECT
        institution, visit_id,
        min(CASE WHEN unplanned_return THEN resus_in_time END) OVER (
            PARTITION BY institution, patient_id ORDER BY resus_in_time, visit_id
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_return
    FROM emergency_visit
    WHERE resus_in_time IS NOT NULL
),
visits AS (
    SELECT
        v.institution, v.visit_id, v.arrival_time, v.department, v.doctor, v.patient_id, v.encounter_id,
        v.triage_level, v.dispatched_time, v.ambulance_arrival_time, v.resus_in_time, v.resus_out_time, v.stemi,
        v.thrombolysis_time, v.balloon_time, v.trauma, v.trauma_scored_time, v.iss, v.rts, v.traumatic_shock,
        v.operation_start_time, v.cvc_placed, v.cvc_vascular_complication,
        coalesce(
            v.death_time,
            CASE WHEN v.disposition = '5' THEN v.departure_time END,
            CASE WHEN e.discharge_way = '5' THEN coalesce(e.death_time, e.discharge_time) END,
            CASE WHEN v.discharged_dying THEN v.departure_time END,
            CASE WHEN e.discharged_dying THEN e.discharge_time END
        ) AS lost_time
    FROM emergency_visit AS v
    LEFT JOIN encounter AS e ON e.institution = v.institution AND e.encounter_id = v.encounter_id
)
SELECT
    v.institution,
    v.visit_id,
    v.arrival_time,
    v.department,
    v.doctor,
    v.patient_id,
    v.encounter_id,
    v.triage_level,
    date_diff('second', v.dispatched_time, v.ambulance_arrival_time) / 60 AS ambulance_minutes,
    v.resus_in_time IS NOT NULL AS resuscitated,
    v.resus_out_time IS NOT NULL AND NOT coalesce(v.lost_time <= v.resus_out_time, FALSE) AS left_resus_alive,
    date_diff('second', v.resus_in_time, v.resus_out_time) / 60 AS resus_minutes,
    coalesce(v.lost_time <= v.resus_in_time + INTERVAL 72 HOUR, FALSE) AS lost_within_72h,
    coalesce(r.next_return <= v.resus_out_time + INTERVAL 72 HOUR, FALSE) AS returned_72h,
    coalesce(v.stemi, FALSE) AS stemi,
    date_diff('second', v.arrival_time, v.thrombolysis_time) / 60 AS door_to_needle_minutes,
    date_diff('second', v.arrival_time, v.balloon_time) / 60 AS door_to_balloon_minutes,
    coalesce(v.trauma, FALSE) AS trauma,
    v.trauma_scored_time IS NOT NULL AS trauma_scored,
    coalesce(v.trauma, FALSE)
        AND (coalesce(v.iss >= 16, FALSE) OR coalesce(v.rts < 11, FALSE) OR coalesce(v.traumatic_shock, FALSE))
        AS severe_trauma,
    v.operation_start_time IS NOT NULL AS operated,
    v.lost_time IS NOT NULL AS lost,
    date_diff('second', v.arrival_time, v.operation_start_time) / 60 AS door_to_operation_minutes,
    coalesce(v.cvc_placed, FALSE) AS cvc_placed,
    coalesce(v.cvc_vascular_complication, FALSE) AS cvc_vascular_complication
FROM visits AS v
LEFT JOIN resuscitations AS r ON r.institution = v.institution AND r.visit_id = v.visit_id
