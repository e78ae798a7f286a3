SELECT institution, case_number, row, opened_at, unit AS department, strength
FROM case_finding_measures
WHERE strength IS NOT NULL AND state <> 'withdrawn'
