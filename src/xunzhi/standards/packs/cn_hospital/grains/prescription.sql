SELECT
    institution, prescription_id, patient_id, visit_id, setting, department, doctor, prescribed_time, kind, drug_kinds,
    antibacterial, antibiotic_grade, injection, infusion, steroid_infusion, tcm_injection, essential_drug,
    commented_date, comment_result,
    pharmacist_review_time IS NOT NULL AND (dispensed_time IS NULL OR pharmacist_review_time <= dispensed_time)
        AS reviewed_before_dispensing
FROM prescription
