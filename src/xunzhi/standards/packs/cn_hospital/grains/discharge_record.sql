-- One row per discharge: whether its documents were signed in time, when it was filed, what reviewers found.
-- Reviews of running records don't count (what they find can still be mended). Where several later reviews judged the
-- same item, the strictest holds.
WITH signed AS (
    SELECT
        institution, encounter_id,
        min(CASE WHEN document_type = 'admission_note' THEN signed_time END) AS admission_note_time,
        min(CASE WHEN document_type IN ('short_stay_note', 'short_death_note') THEN signed_time END) AS short_note_time,
        min(CASE WHEN document_type IN ('discharge_note', 'death_note', 'short_stay_note', 'short_death_note')
            THEN signed_time END) AS discharge_note_time,
        min(CASE WHEN document_type = 'tnm_staging' THEN coalesce(signed_time, event_time) END) AS tnm_time
    FROM document
    WHERE document_type IN (
            'admission_note', 'short_stay_note', 'short_death_note', 'discharge_note', 'death_note', 'tnm_staging'
        )
        AND NOT coalesce(voided, FALSE)
    GROUP BY institution, encounter_id
),
operation_notes AS (
    SELECT institution, encounter_id, about_id, min(signed_time) AS signed_time
    FROM document
    WHERE document_type = 'operation_note' AND NOT coalesce(voided, FALSE)
    GROUP BY institution, encounter_id, about_id
),
operated AS (
    SELECT
        o.institution, o.encounter_id,
        bool_and(coalesce(n.signed_time <= o.end_time + INTERVAL 24 HOUR, FALSE)) AS notes_on_time
    FROM operation AS o
    LEFT JOIN operation_notes AS n
        ON n.institution = o.institution AND n.encounter_id = o.encounter_id AND n.about_id = o.operation_id
    WHERE o.end_time IS NOT NULL AND o.cancelled_time IS NULL
    GROUP BY o.institution, o.encounter_id
),
rescued AS (
    SELECT
        institution, encounter_id,
        bool_and(coalesce(record_signed_time <= end_time + INTERVAL 6 HOUR, FALSE)) AS notes_on_time,
        bool_and(coalesce(survived, FALSE)) AS survived
    FROM rescue
    GROUP BY institution, encounter_id
),
counted_days AS (
    SELECT
        institution, day, working,
        sum(CASE WHEN working THEN 1 ELSE 0 END) OVER (PARTITION BY institution ORDER BY day) AS working_days
    FROM calendar
),
filing AS (
    SELECT c.institution, c.day, w.day AS due
    FROM counted_days AS c
    JOIN counted_days AS w ON w.institution = c.institution AND w.working AND w.working_days = c.working_days + 2
),
reviewed AS (
    SELECT
        institution, encounter_id,
        max(CASE WHEN kind = 'final' THEN grade END) AS grade,
        bool_and(archive_complete) AS archive_complete,
        bool_and(principal_diagnosis_stated) AS principal_diagnosis_stated,
        bool_and(principal_diagnosis_coded) AS principal_diagnosis_coded,
        bool_and(principal_procedure_stated) AS principal_procedure_stated,
        bool_and(principal_procedure_coded) AS principal_procedure_coded,
        bool_or(copied) AS copied,
        bool_and(consent_ok) AS consent_ok,
        bool_and(ct_mri_ok) AS ct_mri_ok,
        bool_and(pathology_ok) AS pathology_ok,
        bool_and(culture_ok) AS culture_ok,
        bool_and(antibacterial_ok) AS antibacterial_ok,
        bool_and(chemotherapy_ok) AS chemotherapy_ok,
        bool_and(radiotherapy_ok) AS radiotherapy_ok,
        bool_and(operation_records_ok) AS operation_records_ok,
        bool_and(implant_ok) AS implant_ok,
        bool_and(transfusion_ok) AS transfusion_ok,
        bool_and(rounds_ok) AS rounds_ok,
        bool_and(senior_round_ok) AS senior_round_ok,
        bool_and(admission_discharge_agrees) AS admission_discharge_agrees,
        bool_and(preop_postop_agrees) AS preop_postop_agrees,
        bool_and(clinical_pathology_agrees) AS clinical_pathology_agrees
    FROM record_review
    WHERE kind IS NULL OR kind <> 'running'
    GROUP BY institution, encounter_id
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.discharge_time,
    e.department,
    e.ward,
    e.attending_doctor AS doctor,
    e.resident_doctor,
    coalesce(
        s.admission_note_time <= e.admission_time + INTERVAL 24 HOUR
        OR s.short_note_time <= e.discharge_time + INTERVAL 24 HOUR,
        FALSE
    ) AS admission_note_on_time,
    coalesce(s.discharge_note_time <= e.discharge_time + INTERVAL 24 HOUR, FALSE) AS discharge_note_on_time,
    coalesce(h.signed_time <= e.discharge_time + INTERVAL 24 HOUR, FALSE) AS front_page_on_time,
    o.encounter_id IS NOT NULL AS operated,
    coalesce(o.notes_on_time, FALSE) AS operation_notes_on_time,
    x.encounter_id IS NOT NULL AS rescued,
    coalesce(x.notes_on_time, FALSE) AS rescue_notes_on_time,
    coalesce(x.survived, FALSE) AS rescue_succeeded,
    f.due AS filing_due,
    coalesce(CAST(h.archived_time AS DATE) <= f.due, FALSE) AS filed_on_time,
    coalesce(r.grade, h.record_quality) AS grade,
    r.archive_complete,
    r.principal_diagnosis_stated,
    r.principal_diagnosis_coded,
    r.principal_procedure_stated,
    r.principal_procedure_coded,
    r.copied,
    r.consent_ok,
    r.ct_mri_ok,
    r.pathology_ok,
    r.culture_ok,
    r.antibacterial_ok,
    r.chemotherapy_ok,
    r.radiotherapy_ok,
    r.operation_records_ok,
    r.implant_ok,
    r.transfusion_ok,
    r.rounds_ok,
    r.senior_round_ok,
    coalesce(r.operation_records_ok, r.implant_ok, r.transfusion_ok, r.rounds_ok) IS NOT NULL AS key_records_judged,
    coalesce(r.operation_records_ok, r.implant_ok, r.transfusion_ok, r.rounds_ok) IS NOT NULL
        AND coalesce(r.operation_records_ok, TRUE) AND coalesce(r.implant_ok, TRUE)
        AND coalesce(r.transfusion_ok, TRUE) AND coalesce(r.rounds_ok, TRUE) AS key_records_complete,
    r.admission_discharge_agrees,
    r.preop_postop_agrees,
    r.clinical_pathology_agrees,
    e.first_cancer_treatment_time IS NOT NULL AS first_cancer_treatment,
    coalesce(s.tnm_time <= e.first_cancer_treatment_time, FALSE) AS staged_before_treatment
FROM encounter AS e
LEFT JOIN front_page AS h ON h.institution = e.institution AND h.encounter_id = e.encounter_id
LEFT JOIN signed AS s ON s.institution = e.institution AND s.encounter_id = e.encounter_id
LEFT JOIN operated AS o ON o.institution = e.institution AND o.encounter_id = e.encounter_id
LEFT JOIN rescued AS x ON x.institution = e.institution AND x.encounter_id = e.encounter_id
LEFT JOIN reviewed AS r ON r.institution = e.institution AND r.encounter_id = e.encounter_id
LEFT JOIN filing AS f ON f.institution = e.institution AND f.day = CAST(e.discharge_time AS DATE)
WHERE e.discharge_time IS NOT NULL
