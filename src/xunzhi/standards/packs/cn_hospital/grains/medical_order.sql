SELECT
    o.institution, o.order_id, o.patient_id, o.encounter_id, o.setting, o.department, o.ward,
    o.ordering_doctor AS doctor,
    o.ordered_time, o.order_type, o.category, o.atc, o.route, o.antibiotic_grade, o.antibiotic_purpose,
    o.pivas, o.pharmacist_review, o.vbp_drug, o.essential_drug, o.key_monitored, o.bottles, o.volume_ml, o.cost,
    o.category = 'drug' AND o.setting = 'inpatient' AND NOT coalesce(o.discharge_drug, FALSE) AS inpatient_drug,
    coalesce(
        (substr(o.atc, 1, 3) IN ('J01', 'J02') OR substr(o.atc, 1, 5) = 'P01AB')
        AND coalesce(o.route, '') NOT IN ('topical', 'inhalation', 'ophthalmic'),
        FALSE
    ) AS antibacterial,
    CASE WHEN o.ddd > 0 THEN CAST(o.amount / o.ddd AS DECIMAL(18, 6)) END AS ddds,
    o.pharmacist_review_time IS NOT NULL AND (o.executed_time IS NULL OR o.pharmacist_review_time <= o.executed_time)
        AS reviewed_by_pharmacist,
    coalesce(o.route = 'iv_infusion', FALSE) AS infused,
    coalesce(CAST(o.stop_time AS DATE) = CAST(o.ordered_time AS DATE), FALSE) AS stopped_same_day,
    c.finished_time IS NOT NULL OR c.signed_time IS NOT NULL AS consulted
FROM medical_order AS o
LEFT JOIN consultation AS c ON c.institution = o.institution AND c.consultation_id = o.consultation_id
WHERE NOT coalesce(o.cancelled, FALSE)
