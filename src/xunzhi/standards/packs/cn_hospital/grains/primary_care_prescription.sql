SELECT
    p.institution, p.prescription_id, p.prescribed_time, p.department, p.doctor, p.patient_id, p.comment_result,
    coalesce(p.antibacterial, FALSE) AS antibacterial
FROM prescription AS p
JOIN department AS d ON d.institution = p.institution AND d.department = p.department
WHERE d.kind = 'primary_care' AND coalesce(p.setting, 'outpatient') = 'outpatient'
