-- A device-day is one patient with the device in use at 24:00, when the bed census is taken: put in and taken out
-- on the same day counts 0, two lines of one kind in one patient count 1. A use without a recorded removal ends
-- after 365 days, which also bounds how far back a day has to look.
WITH uses AS (
    SELECT
        institution, ward, patient_id, device,
        CAST(start_time AS DATE) AS first_day,
        least(coalesce(CAST(stop_time AS DATE), CAST(start_time AS DATE) + 365), CAST(start_time AS DATE) + 365)
            AS end_day
    FROM device_use
),
kinds AS (
    SELECT institution, ward, patient_id, first_day, end_day, 'central_line' AS kind
    FROM uses
    WHERE device IN ('central_line', 'picc', 'port', 'dialysis_catheter')
    UNION ALL
    SELECT
        institution, ward, patient_id, first_day, end_day,
        CASE
            WHEN device IN ('central_line', 'picc') THEN 'cvc_picc'
            WHEN device IN ('tracheal_tube', 'tracheostomy') THEN 'airway'
            ELSE device
        END AS kind
    FROM uses
    WHERE device IN (
        'ventilator', 'tracheal_tube', 'tracheostomy', 'central_line', 'picc', 'urinary_catheter', 'gastric_tube',
        'peripheral_line', 'restraint'
    )
),
reaching AS (
    SELECT
        *,
        max(end_day) OVER (
            PARTITION BY institution, ward, patient_id, kind ORDER BY first_day, end_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered
    FROM kinds
    WHERE end_day > first_day
),
spans AS (
    SELECT institution, ward, kind, greatest(first_day, coalesce(covered, first_day)) AS first_day, end_day
    FROM reaching
    WHERE covered IS NULL OR end_day > covered
),
changes AS (
    SELECT institution, ward, kind, first_day AS day, 1 AS change FROM spans
    UNION ALL
    SELECT institution, ward, kind, end_day AS day, -1 AS change FROM spans
    UNION ALL
    SELECT institution, ward, 'none' AS kind, day, 0 AS change FROM bed_census
),
daily AS (
    SELECT
        institution, ward, day,
        sum(CASE WHEN kind = 'ventilator' THEN change ELSE 0 END) AS ventilator,
        sum(CASE WHEN kind = 'airway' THEN change ELSE 0 END) AS tracheal_tube,
        sum(CASE WHEN kind = 'central_line' THEN change ELSE 0 END) AS central_line,
        sum(CASE WHEN kind = 'cvc_picc' THEN change ELSE 0 END) AS cvc_picc,
        sum(CASE WHEN kind = 'urinary_catheter' THEN change ELSE 0 END) AS urinary_catheter,
        sum(CASE WHEN kind = 'gastric_tube' THEN change ELSE 0 END) AS gastric_tube,
        sum(CASE WHEN kind = 'peripheral_line' THEN change ELSE 0 END) AS peripheral_line,
        sum(CASE WHEN kind = 'restraint' THEN change ELSE 0 END) AS restraint
    FROM changes
    GROUP BY institution, ward, day
),
in_use AS (
    SELECT
        institution, ward, day,
        sum(ventilator) OVER (PARTITION BY institution, ward ORDER BY day) AS ventilator_days,
        sum(tracheal_tube) OVER (PARTITION BY institution, ward ORDER BY day) AS tracheal_tube_days,
        sum(central_line) OVER (PARTITION BY institution, ward ORDER BY day) AS central_line_days,
        sum(cvc_picc) OVER (PARTITION BY institution, ward ORDER BY day) AS cvc_picc_days,
        sum(urinary_catheter) OVER (PARTITION BY institution, ward ORDER BY day) AS urinary_catheter_days,
        sum(gastric_tube) OVER (PARTITION BY institution, ward ORDER BY day) AS gastric_tube_days,
        sum(peripheral_line) OVER (PARTITION BY institution, ward ORDER BY day) AS peripheral_line_days,
        sum(restraint) OVER (PARTITION BY institution, ward ORDER BY day) AS restraint_days
    FROM daily
)
SELECT
    c.institution, c.ward, c.day, c.department,
    c.occupied_beds,
    u.ventilator_days, u.tracheal_tube_days, u.central_line_days, u.cvc_picc_days, u.urinary_catheter_days,
    u.gastric_tube_days, u.peripheral_line_days, u.restraint_days,
    coalesce(w.is_icu, FALSE) AS in_icu,
    coalesce(w.is_neonatal, FALSE) AS in_neonatal
FROM bed_census AS c
JOIN in_use AS u ON u.institution = c.institution AND u.ward = c.ward AND u.day = c.day
LEFT JOIN department AS w ON w.institution = c.institution AND w.department = c.ward
