-- One row per admission, those still in hospital included.
WITH moved AS (
    SELECT t.institution, t.encounter_id, min(t.transfer_time) AS transfer_time
    FROM transfer AS t
    LEFT JOIN department AS f ON f.institution = t.institution AND f.department = t.from_department
    LEFT JOIN department AS g ON g.institution = t.institution AND g.department = t.to_department
    WHERE t.to_department <> t.from_department
        AND NOT coalesce(f.is_icu, FALSE)
        AND NOT coalesce(g.is_icu, FALSE)
    GROUP BY t.institution, t.encounter_id
),
ordered AS (
    SELECT institution, encounter_id, min(ordered_time) AS ordered_time
    FROM medical_order
    WHERE encounter_id IS NOT NULL
        AND NOT coalesce(cancelled, FALSE)
        AND category IN (
            'drug', 'laboratory', 'imaging', 'pathology', 'treatment', 'operation', 'transfusion', 'chemotherapy',
            'radiotherapy', 'rehabilitation', 'dialysis'
        )
    GROUP BY institution, encounter_id
)
SELECT
    e.institution,
    e.encounter_id,
    e.patient_id,
    e.admission_time,
    coalesce(e.admission_department, e.department) AS department,
    coalesce(e.admission_ward, e.ward) AS ward,
    e.attending_doctor AS doctor,
    e.admission_route,
    coalesce(m.transfer_time <= e.admission_time + INTERVAL 48 HOUR, FALSE) AS transferred_within_48h,
    coalesce(o.ordered_time <= e.admission_time + INTERVAL 8 HOUR, FALSE) AS ordered_within_8h
FROM encounter AS e
LEFT JOIN moved AS m ON m.institution = e.institution AND m.encounter_id = e.encounter_id
LEFT JOIN ordered AS o ON o.institution = e.institution AND o.encounter_id = e.encounter_id
