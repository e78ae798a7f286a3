SELECT
    v.institution, v.visit_id, v.visit_time, v.department, v.doctor, v.patient_id, v.total_cost,
    coalesce(v.infusion, FALSE) AS infusion,
    coalesce(v.referral = 'up_out', FALSE) AS referred_up,
    coalesce(v.referral = 'down_in', FALSE) AS received_down
FROM outpatient_visit AS v
JOIN department AS d ON d.institution = v.institution AND d.department = v.department
WHERE d.kind = 'primary_care' AND (v.visit_kind IS NULL OR v.visit_kind <> '1')
