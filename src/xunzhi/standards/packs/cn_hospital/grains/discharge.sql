-- One row per discharge. Operations are the procedures that the national catalogue calls operations or interventions.
WITH front AS (
    SELECT
        institution, encounter_id, readmission_plan, total_cost,
        coalesce(fee_western_drug, 0) + coalesce(fee_tcm_patent, 0) AS drug_cost,
        coalesce(fee_examination_material, 0) + coalesce(fee_treatment_material, 0)
            + coalesce(fee_operation_material, 0) AS material_cost,
        coalesce(fee_general_service, 0) + coalesce(fee_general_treatment, 0) + coalesce(fee_nursing, 0)
            + coalesce(fee_clinical_diagnosis, 0) + coalesce(fee_non_surgical, 0) + coalesce(fee_surgical, 0)
            + coalesce(fee_rehabilitation, 0) + coalesce(fee_tcm_treatment, 0) AS service_cost
    FROM front_page
),
principal AS (
    SELECT
        institution, encounter_id, icd10,
        -- codes of Chinese medicine begin with letters too
        CASE WHEN substr(icd10, 2, 1) BETWEEN '0' AND '9' THEN upper(substr(icd10, 1, 3)) END AS category
    FROM diagnosis
    WHERE kind = 'principal' AND sequence = 1
),
acquired AS (
    SELECT
        institution, encounter_id,
        bool_or(substr(icd10, 1, 3) = 'I26') AS pulmonary_embolism,
        bool_or(substr(icd10, 1, 5) IN ('I80.1', 'I80.2')) AS deep_vein_thrombosis,
        bool_or(substr(icd10, 1, 3) IN ('A40', 'A41')) AS sepsis,
        bool_or(substr(icd10, 1, 5) = 'T81.0') AS postoperative_bleeding,
        bool_or(substr(icd10, 1, 5) = 'T81.3') AS wound_dehiscence,
        bool_or(substr(icd10, 1, 5) = 'J96.0' OR substr(icd10, 1, 3) = 'J95') AS respiratory_failure,
        bool_or(substr(icd10, 1, 5) = 'T81.2') AS accidental_puncture,
        bool_or(substr(icd10, 1, 3) = 'N17' OR substr(icd10, 1, 5) = 'N99.0') AS acute_kidney_injury,
        bool_or(substr(icd10, 1, 5) = 'T81.4') AS incision_infection,
        bool_or(substr(icd10, 1, 5) IN ('T88.2', 'T88.3', 'T88.4', 'T88.5')) AS anaesthesia_complication,
        bool_or(substr(icd10, 1, 3) IN ('T82', 'T83', 'T84', 'T85')) AS implant_complication
    FROM diagnosis
    WHERE kind = 'other'
        AND admission_condition = '4'
        AND substr(icd10, 1, 3) IN (
            'A40', 'A41', 'I26', 'I80', 'J95', 'J96', 'N17', 'N99', 'T81', 'T82', 'T83', 'T84', 'T85', 'T88'
        )
    GROUP BY institution, encounter_id
),
foreign_body AS (
    SELECT institution, encounter_id, count(*) AS n
    FROM diagnosis
    WHERE kind IN ('other', 'external_cause') AND substr(icd10, 1, 5) IN ('T81.5', 'T81.6', 'Y61.0')
    GROUP BY institution, encounter_id
),
numbered AS (
    SELECT
        institution, encounter_id, surgeon, procedure_date, end_time, level, urgency,
        CASE WHEN substr(icd9cm3, 2, 1) BETWEEN '0' AND '9' THEN substr(icd9cm3, 1, 2) END AS digits,
        row_number() OVER (PARTITION BY institution, encounter_id ORDER BY sequence) AS place
    FROM procedure
    WHERE category IN ('operation', 'intervention')
),
operated AS (
    SELECT
        institution, encounter_id,
        count(*) AS operations,
        max(CASE WHEN place = 1 THEN surgeon END) AS surgeon,
        max(CASE WHEN place = 1 THEN digits END) AS digits,
        max(level) AS operation_level,
        min(procedure_date) AS first_operation_date,
        max(procedure_date) AS last_operation_date,
        max(end_time) AS last_operation_end,
        max(CASE WHEN place = 1 THEN urgency END) AS urgency
    FROM numbered
    GROUP BY institution, encounter_id
),
reperfusion AS (
    SELECT
        institution, encounter_id,
        bool_or(
            substr(icd9cm3, 1, 5) IN ('99.10', '00.66', '36.04', '36.06', '36.07', '17.55')
        ) AS coronary,
        bool_or(
            substr(icd9cm3, 1, 5) IN ('99.10', '39.74', '00.61', '00.62', '00.63', '00.64', '00.65')
        ) AS cerebral
    FROM procedure
    WHERE substr(icd9cm3, 1, 5) IN (
        '99.10', '00.66', '36.04', '36.06', '36.07', '17.55', '39.74', '00.61', '00.62', '00.63', '00.64', '00.65'
    )
    GROUP BY institution, encounter_id
),
returned AS (
    SELECT
        e.institution, e.encounter_id,
        min(date_diff('day', CAST(e.discharge_time AS DATE), CAST(r.admission_time AS DATE))) AS readmitted_after_days,
        bool_or(r.unplanned_readmission) AS unplanned
    FROM encounter AS e
    JOIN encounter AS r
        ON r.institution = e.institution
        AND r.patient_id = e.patient_id
        AND r.encounter_id <> e.encounter_id
        AND r.admission_time >= e.discharge_time
        AND CAST(r.admission_time AS DATE) <= CAST(e.discharge_time AS DATE) + INTERVAL 31 DAY
    GROUP BY e.institution, e.encounter_id
),
pathway AS (
    SELECT
        institution, encounter_id,
        bool_or(eligible) AS eligible,
        bool_or(entered_time IS NOT NULL) AS entered,
        bool_or(entered_time IS NOT NULL AND completed_time IS NOT NULL) AS completed,
        bool_or(entered_time IS NOT NULL AND exited_time IS NOT NULL) AS exited,
        bool_or(entered_time IS NOT NULL AND variances > 0) AS varied
    FROM clinical_pathway
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
    o.surgeon,
    e.admission_time,
    e.sex,
    e.age_years,
    e.discharge_way,
    coalesce(e.discharge_way = '5', FALSE) AS died,
    coalesce(
        e.length_of_stay,
        greatest(date_diff('day', CAST(e.admission_time AS DATE), CAST(e.discharge_time AS DATE)), 1)
    ) AS length_of_stay,
    extract(day FROM last_day(CAST(e.discharge_time AS DATE))) AS days_in_month,
    coalesce(e.day_surgery = '1', FALSE) AS day_surgery,
    p.icd10 AS principal_icd10,
    CASE
        WHEN p.category < 'A' THEN NULL
        WHEN p.category < 'C' THEN 'A00-B99'
        WHEN p.category < 'D50' THEN 'C00-D48'
        WHEN p.category < 'E' THEN 'D50-D89'
        WHEN p.category < 'F' THEN 'E00-E90'
        WHEN p.category < 'G' THEN 'F00-F99'
        WHEN p.category < 'H' THEN 'G00-G99'
        WHEN p.category < 'H60' THEN 'H00-H59'
        WHEN p.category < 'I' THEN 'H60-H95'
        WHEN p.category < 'J' THEN 'I00-I99'
        WHEN p.category < 'K' THEN 'J00-J99'
        WHEN p.category < 'L' THEN 'K00-K93'
        WHEN p.category < 'M' THEN 'L00-L99'
        WHEN p.category < 'N' THEN 'M00-M99'
        WHEN p.category < 'O' THEN 'N00-N99'
        WHEN p.category < 'P' THEN 'O00-O99'
        WHEN p.category < 'Q' THEN 'P00-P96'
        WHEN p.category < 'R' THEN 'Q00-Q99'
        WHEN p.category < 'S' THEN 'R00-R99'
        WHEN p.category < 'U' THEN 'S00-T98'
        WHEN p.category < 'V' THEN 'U00-U99'
        WHEN p.category < 'Z' THEN 'V01-Y98'
        WHEN p.category < '[' THEN 'Z00-Z99'
    END AS disease_chapter,
    CASE
        WHEN o.digits < '00' THEN NULL
        WHEN o.digits < '01' THEN '00'
        WHEN o.digits < '06' THEN '01-05'
        WHEN o.digits < '08' THEN '06-07'
        WHEN o.digits < '17' THEN '08-16'
        WHEN o.digits < '18' THEN '17'
        WHEN o.digits < '21' THEN '18-20'
        WHEN o.digits < '30' THEN '21-29'
        WHEN o.digits < '35' THEN '30-34'
        WHEN o.digits < '40' THEN '35-39'
        WHEN o.digits < '42' THEN '40-41'
        WHEN o.digits < '55' THEN '42-54'
        WHEN o.digits < '60' THEN '55-59'
        WHEN o.digits < '65' THEN '60-64'
        WHEN o.digits < '72' THEN '65-71'
        WHEN o.digits < '76' THEN '72-75'
        WHEN o.digits < '85' THEN '76-84'
        WHEN o.digits < '87' THEN '85-86'
        WHEN o.digits <= '99' THEN '87-99'
    END AS operation_chapter,
    o.encounter_id IS NOT NULL AS is_surgical,
    coalesce(o.operations, 0) AS operations,
    o.operation_level,
    coalesce(o.urgency = 'elective', FALSE) AS elective_surgical,
    CASE
        WHEN o.first_operation_date BETWEEN CAST(e.admission_time AS DATE) AND CAST(e.discharge_time AS DATE)
            THEN date_diff('day', CAST(e.admission_time AS DATE), o.first_operation_date)
    END AS preoperative_days,
    coalesce(e.discharge_way = '5' AND CAST(e.death_time AS DATE) = o.last_operation_date, FALSE) AS died_on_operation_day,
    coalesce(e.discharge_way = '5' AND e.death_time <= o.last_operation_end + INTERVAL 24 HOUR, FALSE) AS died_within_24h,
    coalesce(e.discharge_way = '5' AND e.death_time <= o.last_operation_end + INTERVAL 48 HOUR, FALSE) AS died_within_48h,
    coalesce(a.pulmonary_embolism, FALSE) AS pulmonary_embolism,
    coalesce(a.deep_vein_thrombosis, FALSE) AS deep_vein_thrombosis,
    coalesce(a.sepsis, FALSE) AS sepsis,
    coalesce(a.postoperative_bleeding, FALSE) AS postoperative_bleeding,
    coalesce(a.wound_dehiscence, FALSE) AS wound_dehiscence,
    coalesce(a.respiratory_failure, FALSE) AS respiratory_failure,
    coalesce(a.accidental_puncture, FALSE) AS accidental_puncture,
    coalesce(a.acute_kidney_injury, FALSE) AS acute_kidney_injury,
    coalesce(
        a.pulmonary_embolism OR a.deep_vein_thrombosis OR a.sepsis OR a.postoperative_bleeding
        OR a.wound_dehiscence OR a.respiratory_failure OR a.accidental_puncture OR a.acute_kidney_injury,
        FALSE
    ) AS acquired_condition,
    coalesce(
        a.pulmonary_embolism OR a.deep_vein_thrombosis OR a.sepsis OR a.postoperative_bleeding
        OR a.wound_dehiscence OR a.respiratory_failure OR a.accidental_puncture
        OR a.incision_infection OR a.anaesthesia_complication OR a.implant_complication,
        FALSE
    ) AS surgical_complication,
    f.encounter_id IS NOT NULL AS foreign_body,
    r.readmitted_after_days,
    r.encounter_id IS NOT NULL AND coalesce(r.unplanned, FALSE) AND coalesce(h.readmission_plan, '1') <> '2'
        AS unplanned_readmission,
    coalesce(g.eligible, FALSE) AS pathway_eligible,
    coalesce(g.entered, FALSE) AS pathway_entered,
    coalesce(g.completed, FALSE) AS pathway_completed,
    coalesce(g.exited, FALSE) AS pathway_exited,
    coalesce(g.varied, FALSE) AS pathway_varied,
    e.drg_code,
    e.drg_weight,
    coalesce(e.drg_risk = 'low', FALSE) AS drg_low_risk,
    e.drg_reference_stay,
    e.drg_reference_cost,
    coalesce(h.total_cost, e.total_cost) AS total_cost,
    h.drug_cost,
    h.material_cost,
    h.service_cost,
    h.total_cost AS front_page_cost,
    coalesce(
        e.onset_time >= e.admission_time - INTERVAL 12 HOUR AND e.onset_time <= e.admission_time
        AND (substr(p.icd10, 1, 5) IN ('I21.0', 'I21.1', 'I21.2', 'I21.3', 'I21.9')),
        FALSE
    ) AS stemi_in_window,
    coalesce(
        e.onset_time >= e.admission_time - INTERVAL 6 HOUR AND e.onset_time <= e.admission_time
        AND substr(p.icd10, 1, 3) = 'I63',
        FALSE
    ) AS stroke_in_window,
    coalesce(x.coronary, FALSE) AS coronary_reperfusion,
    coalesce(x.cerebral, FALSE) AS cerebral_reperfusion
FROM encounter AS e
LEFT JOIN front AS h ON h.institution = e.institution AND h.encounter_id = e.encounter_id
LEFT JOIN principal AS p ON p.institution = e.institution AND p.encounter_id = e.encounter_id
LEFT JOIN acquired AS a ON a.institution = e.institution AND a.encounter_id = e.encounter_id
LEFT JOIN foreign_body AS f ON f.institution = e.institution AND f.encounter_id = e.encounter_id
LEFT JOIN operated AS o ON o.institution = e.institution AND o.encounter_id = e.encounter_id
LEFT JOIN reperfusion AS x ON x.institution = e.institution AND x.encounter_id = e.encounter_id
LEFT JOIN returned AS r ON r.institution = e.institution AND r.encounter_id = e.encounter_id
LEFT JOIN pathway AS g ON g.institution = e.institution AND g.encounter_id = e.encounter_id
WHERE e.discharge_time IS NOT NULL
