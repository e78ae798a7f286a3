-- Visits come added up by month, discharges are counted. A month without reported visits has no denominator at all.
WITH visits AS (
    SELECT institution, month, department, sum(value) AS patients
    FROM monthly_statistic
    WHERE item IN ('outpatient_visits', 'emergency_visits') AND value IS NOT NULL
    GROUP BY institution, month, department
),
months AS (
    SELECT DISTINCT institution, month
    FROM visits
),
discharges AS (
    SELECT institution, CAST(date_trunc('month', discharge_time) AS DATE) AS month, department, count(*) AS patients
    FROM encounter
    WHERE discharge_time IS NOT NULL
    GROUP BY institution, CAST(date_trunc('month', discharge_time) AS DATE), department
)
SELECT institution, month, department, nullif(department, institution) AS division, 'visits' AS source, patients
FROM visits
UNION ALL
SELECT
    d.institution, d.month, d.department, d.department AS division, 'discharges' AS source,
    CAST(d.patients AS DOUBLE) AS patients
FROM discharges AS d
JOIN months AS m ON m.institution = d.institution AND m.month = d.month
