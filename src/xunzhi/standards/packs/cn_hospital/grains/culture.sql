-- Sets of one specimen share its number; a culture without a number is its own specimen.
WITH sets AS (
    SELECT
        institution, culture_id, specimen_id, patient_id, encounter_id, setting, department, ward, specimen_type,
        set_number, collected_time, reported_time, positive, contaminated,
        coalesce(specimen_id, culture_id) AS specimen
    FROM culture
)
SELECT
    institution, culture_id, specimen_id, patient_id, encounter_id, setting, department, ward, specimen_type,
    set_number, collected_time, reported_time, positive, contaminated,
    row_number() OVER same_specimen = 1 AS leads_specimen,
    max(CASE WHEN contaminated THEN 1 ELSE 0 END)
        OVER (PARTITION BY institution, patient_id, specimen, specimen_type) = 1 AS specimen_contaminated
FROM sets
WINDOW same_specimen AS (
    PARTITION BY institution, patient_id, specimen, specimen_type ORDER BY collected_time, culture_id
)
