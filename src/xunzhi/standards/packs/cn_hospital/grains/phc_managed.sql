-- One row per patient and end of month under management. The months are those with at least one visit of the
-- institution: a calendar filled in ahead makes no rows for the future.
WITH active AS (
    SELECT DISTINCT institution, last_day(visit_date) AS day
    FROM phc_visit
),
month_ends AS (
    SELECT c.institution, c.day
    FROM calendar AS c
    JOIN active AS a ON a.institution = c.institution AND a.day = c.day
),
managed AS (
    SELECT
        m.institution, m.day, p.patient_id, p.programme, p.department, p.doctor,
        coalesce(p.birth_date <= m.day - INTERVAL 65 YEAR, FALSE) AS elderly
    FROM month_ends AS m
    JOIN phc_patient AS p
        ON p.institution = m.institution
        AND p.registered_date <= m.day
        AND (p.closed_date IS NULL OR p.closed_date > m.day)
    WHERE p.programme IN ('hypertension', 'diabetes')
),
visits AS (
    SELECT
        m.institution, m.day, v.patient_id, v.programme, v.face_to_face,
        v.systolic, v.diastolic, v.fasting_glucose,
        row_number() OVER (
            PARTITION BY m.institution, m.day, v.patient_id, v.programme
            ORDER BY CASE WHEN v.systolic IS NULL OR v.diastolic IS NULL THEN 1 ELSE 0 END,
                v.visit_date DESC, v.phc_visit_id DESC
        ) AS pressure_place,
        row_number() OVER (
            PARTITION BY m.institution, m.day, v.patient_id, v.programme
            ORDER BY CASE WHEN v.fasting_glucose IS NULL THEN 1 ELSE 0 END, v.visit_date DESC, v.phc_visit_id DESC
        ) AS glucose_place
    FROM month_ends AS m
    JOIN phc_visit AS v
        ON v.institution = m.institution
        AND v.visit_date > m.day - INTERVAL 1 YEAR
        AND v.visit_date <= m.day
    WHERE v.programme IN ('hypertension', 'diabetes')
),
year AS (
    SELECT
        institution, day, patient_id, programme,
        sum(CASE WHEN face_to_face THEN 1 ELSE 0 END) AS face_visits,
        max(CASE WHEN pressure_place = 1 THEN systolic END) AS systolic,
        max(CASE WHEN pressure_place = 1 THEN diastolic END) AS diastolic,
        max(CASE WHEN glucose_place = 1 THEN fasting_glucose END) AS fasting_glucose
    FROM visits
    GROUP BY institution, day, patient_id, programme
)
SELECT
    m.institution,
    m.day,
    m.patient_id,
    m.programme,
    m.department,
    m.doctor,
    coalesce(y.face_visits, 0) AS face_visits,
    coalesce(y.systolic < CASE WHEN m.elderly THEN 150 ELSE 140 END AND y.diastolic < 90, FALSE) AS pressure_controlled,
    coalesce(y.fasting_glucose < 7.0, FALSE) AS glucose_controlled
FROM managed AS m
LEFT JOIN year AS y
    ON y.institution = m.institution AND y.day = m.day AND y.patient_id = m.patient_id AND y.programme = m.programme
