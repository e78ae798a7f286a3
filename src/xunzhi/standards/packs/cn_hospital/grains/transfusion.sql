-- One row per component requested. A request form is counted at its first component, since several share one form
-- (and one blood sample).
WITH forms AS (
    SELECT
        institution, transfusion_id,
        row_number() OVER (
            PARTITION BY institution, request_id ORDER BY requested_time, transfusion_date, transfusion_id
        ) AS place
    FROM transfusion
    WHERE request_id IS NOT NULL
)
SELECT
    t.institution,
    t.transfusion_id,
    t.transfusion_date,
    t.department,
    t.ward,
    t.patient_id,
    t.encounter_id,
    t.operation_id,
    t.component,
    coalesce(f.place = 1, FALSE) AS first_of_form,
    coalesce(t.request_ok, FALSE) AS request_ok,
    t.specimen_received_time IS NOT NULL AS specimen_received,
    t.regrouped_time IS NOT NULL AS regrouped,
    t.start_time IS NOT NULL AS transfused,
    coalesce(t.autologous, FALSE) AS autologous,
    coalesce(t.units, t.volume_ml / 200) AS units,
    t.reaction_reported_time IS NOT NULL AND coalesce(t.reaction, 'other') <> 'none' AS reaction_reported,
    coalesce(t.evaluation_ok AND t.evaluated_time >= coalesce(t.end_time, t.start_time), FALSE) AS evaluated
FROM transfusion AS t
LEFT JOIN forms AS f ON f.institution = t.institution AND f.transfusion_id = t.transfusion_id
