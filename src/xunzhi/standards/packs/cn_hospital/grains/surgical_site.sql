SELECT
    o.institution, o.operation_id, o.patient_id, o.encounter_id, o.department, o.ward, o.surgeon, o.operation_date,
    o.incision_class, o.implant,
    coalesce(o.incision_class = '1', FALSE) AS clean,
    o.prophylaxis_time IS NOT NULL OR o.prophylaxis_atc IS NOT NULL AS prophylaxis,
    coalesce(
        date_diff('day', o.operation_date, i.first_onset) <= CASE WHEN o.implant THEN 365 ELSE 30 END,
        FALSE
    ) AS infected
FROM operation AS o
LEFT JOIN (
    SELECT institution, operation_id, min(CAST(onset_time AS DATE)) AS first_onset
    FROM infection
    WHERE operation_id IS NOT NULL AND site IN ('ssi_superficial', 'ssi_deep', 'ssi_organ')
    GROUP BY institution, operation_id
) AS i ON i.institution = o.institution AND i.operation_id = o.operation_id
WHERE o.start_time IS NOT NULL AND o.setting = 'inpatient'
