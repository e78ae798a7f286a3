SELECT
    institution, department, month, item, value, numerator, denominator,
    extract(day FROM last_day(month)) AS days_in_month
FROM monthly_statistic
