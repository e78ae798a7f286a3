-- What stands under the institution's own code is of no department
SELECT
    institution, department, nullif(department, institution) AS division, month, item, value, numerator, denominator,
    extract(day FROM last_day(month)) AS days_in_month
FROM monthly_statistic
