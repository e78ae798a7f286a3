SELECT institution, department, month, item, value, numerator, denominator
FROM monthly_statistic
