WITH worked AS (
    SELECT
        institution, day,
        sum(CASE WHEN working THEN 1 ELSE 0 END) OVER (PARTITION BY institution ORDER BY day) AS working_days
    FROM calendar
)
SELECT
    p.institution, p.report_id, p.kind, p.operation_id, p.patient_id, p.encounter_id, p.setting, p.department, p.ward,
    p.received_time, p.reported_time, p.fixation_ok, p.earlier_case_open,
    p.he_slides, p.he_slides_good, p.ihc_slides, p.ihc_slides_good, p.iqc_passed,
    p.qc_checked, p.qc_agrees, p.frozen_agrees, p.clinical_agrees, p.malignant,
    CASE WHEN p.reported_time >= p.received_time THEN date_diff('minute', p.received_time, p.reported_time) END
        AS report_minutes,
    reported.working_days - received.working_days AS working_days
FROM pathology_report AS p
LEFT JOIN worked AS received ON received.institution = p.institution AND received.day = CAST(p.received_time AS DATE)
LEFT JOIN worked AS reported ON reported.institution = p.institution AND reported.day = CAST(p.reported_time AS DATE)
