SELECT
    institution, phc_visit_id, visit_date, department, doctor, patient_id, programme, drug_adherence, referral,
    coalesce(face_to_face, FALSE) AS face_to_face,
    standard_met
FROM phc_visit
