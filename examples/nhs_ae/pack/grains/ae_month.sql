SELECT
    m.institution, m.department AS site, coalesce(d.parent, m.department) AS trust,
    split_part(m.department, '/', 2) AS ae_type, m.month, m.item, m.value
FROM monthly_statistic AS m
LEFT JOIN department AS d ON d.institution = m.institution AND d.department = m.department
