-- Key antibacterials (combination therapy): carbapenems, glycopeptides, tigecycline, linezolid, polymyxins,
-- cefoperazone/sulbactam, voriconazole, caspofungin.
WITH drugs AS (
    SELECT
        institution, encounter_id, item_code, essential_drug, tcm_injection, antibiotic_grade,
        coalesce(
            (substr(atc, 1, 3) IN ('J01', 'J02') OR substr(atc, 1, 5) = 'P01AB')
            AND coalesce(route, '') NOT IN ('topical', 'inhalation', 'ophthalmic'),
            FALSE
        ) AS antibacterial,
        coalesce(antibiotic_purpose = 'treatment', FALSE) AS treats,
        coalesce(substr(atc, 1, 5) = 'A02BC' AND route IN ('iv_infusion', 'iv_push'), FALSE) AS ppi_injected,
        coalesce(route = 'iv_infusion', FALSE) AS infused,
        CASE WHEN ddd > 0 THEN CAST(amount / ddd AS DECIMAL(18, 6)) END AS ddds,
        coalesce(executed_time, start_time, ordered_time) AS begun_time
    FROM medical_order
    WHERE category = 'drug'
        AND encounter_id IS NOT NULL
        AND NOT coalesce(cancelled, FALSE)
        AND NOT coalesce(discharge_drug, FALSE)
),
used AS (
    SELECT
        institution, encounter_id,
        bool_or(antibacterial) AS antibacterial,
        sum(CASE WHEN antibacterial THEN ddds END) AS antibacterial_ddds,
        sum(CASE WHEN antibacterial AND antibiotic_grade = '3' THEN ddds END) AS special_grade_ddds,
        min(CASE WHEN antibacterial AND treats THEN begun_time END) AS treated_time,
        min(CASE WHEN antibacterial AND treats AND antibiotic_grade = '2' THEN begun_time END)
            AS restricted_time,
        min(CASE WHEN antibacterial AND treats AND antibiotic_grade = '3' THEN begun_time END) AS special_time,
        bool_or(infused) AS infused,
        count(DISTINCT CASE WHEN infused THEN item_code END) AS infusion_kinds,
        bool_or(infused AND coalesce(tcm_injection, FALSE)) AS tcm_infused,
        bool_or(ppi_injected) AS ppi_injected,
        bool_or(coalesce(essential_drug, FALSE)) AS essential_drug
    FROM drugs
    GROUP BY institution, encounter_id
),
key_drugs AS (
    SELECT
        institution, encounter_id, atc,
        coalesce(executed_time, start_time, ordered_time) AS begun_time,
        coalesce(stop_time, TIMESTAMP '9999-12-31 00:00:00') AS stop_time
    FROM medical_order
    WHERE category = 'drug'
        AND antibiotic_purpose = 'treatment'
        AND (
            substr(atc, 1, 5) IN ('J01DH', 'J01XA', 'J01XB')
            OR atc IN ('J01AA12', 'J01XX08', 'J01DD62', 'J02AC03', 'J02AX04')
        )
        AND coalesce(route, '') NOT IN ('topical', 'inhalation', 'ophthalmic')
        AND encounter_id IS NOT NULL
        AND NOT coalesce(cancelled, FALSE)
        AND NOT coalesce(discharge_drug, FALSE)
),
combinations AS (
    SELECT one.institution, one.encounter_id, min(greatest(one.begun_time, other.begun_time)) AS combined_time
    FROM key_drugs AS one
    JOIN key_drugs AS other ON other.institution = one.institution AND other.encounter_id = one.encounter_id
    WHERE one.atc < other.atc AND one.begun_time < other.stop_time AND other.begun_time < one.stop_time
    GROUP BY one.institution, one.encounter_id
),
specimens AS (
    SELECT institution, encounter_id, collected_time FROM lab_specimen
    WHERE pathogen_test AND NOT coalesce(rejected, FALSE)
    UNION ALL
    SELECT institution, encounter_id, collected_time FROM culture
),
tested AS (
    SELECT institution, encounter_id, min(collected_time) AS tested_time
    FROM specimens
    WHERE encounter_id IS NOT NULL
    GROUP BY institution, encounter_id
),
audited AS (
    SELECT institution, encounter_id, bool_and(drug_orders_ok) AS acceptable
    FROM record_review
    WHERE drug_orders_ok IS NOT NULL
    GROUP BY institution, encounter_id
)
SELECT
    e.institution, e.encounter_id, e.patient_id, e.discharge_time, e.department, e.ward,
    e.attending_doctor AS doctor,
    coalesce(
        e.length_of_stay,
        greatest(date_diff('day', CAST(e.admission_time AS DATE), CAST(e.discharge_time AS DATE)), 1)
    ) AS length_of_stay,
    u.encounter_id IS NOT NULL AS medicated,
    coalesce(u.antibacterial, FALSE) AS antibacterial,
    u.antibacterial_ddds,
    u.special_grade_ddds,
    u.treated_time IS NOT NULL AS treated,
    u.restricted_time IS NOT NULL AS treated_restricted,
    u.special_time IS NOT NULL AS treated_special,
    c.combined_time IS NOT NULL AS combined,
    coalesce(t.tested_time <= u.treated_time, FALSE) AS tested_before,
    coalesce(t.tested_time <= u.restricted_time, FALSE) AS tested_before_restricted,
    coalesce(t.tested_time <= u.special_time, FALSE) AS tested_before_special,
    coalesce(t.tested_time <= c.combined_time, FALSE) AS tested_before_combined,
    coalesce(u.infused, FALSE) AS infused,
    coalesce(u.infusion_kinds, 0) AS infusion_kinds,
    coalesce(u.tcm_infused, FALSE) AS tcm_infused,
    coalesce(u.ppi_injected, FALSE) AS ppi_injected,
    coalesce(u.essential_drug, FALSE) AS essential_drug,
    a.encounter_id IS NOT NULL AS orders_audited,
    coalesce(a.acceptable, FALSE) AS orders_acceptable
FROM encounter AS e
LEFT JOIN used AS u ON u.institution = e.institution AND u.encounter_id = e.encounter_id
LEFT JOIN combinations AS c ON c.institution = e.institution AND c.encounter_id = e.encounter_id
LEFT JOIN tested AS t ON t.institution = e.institution AND t.encounter_id = e.encounter_id
LEFT JOIN audited AS a ON a.institution = e.institution AND a.encounter_id = e.encounter_id
WHERE e.discharge_time IS NOT NULL
