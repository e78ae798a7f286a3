WITH counted_days AS (
    SELECT
        institution, day, working,
        sum(CASE WHEN working THEN 1 ELSE 0 END) OVER (PARTITION BY institution ORDER BY day) AS working_days
    FROM calendar
)
SELECT
    c.institution,
    c.complaint_id,
    c.received_time,
    c.department,
    c.ward,
    c.patient_id,
    c.channel,
    c.category,
    c.responsibility,
    coalesce(c.accepted, TRUE) AS accepted,
    c.satisfied,
    w.day AS answer_due,
    coalesce(CAST(c.answered_time AS DATE) <= w.day, FALSE) AS answered_on_time
FROM complaint AS c
LEFT JOIN counted_days AS d ON d.institution = c.institution AND d.day = CAST(c.received_time AS DATE)
LEFT JOIN counted_days AS w
    ON w.institution = c.institution
    AND w.working
    AND w.working_days = d.working_days + CASE WHEN c.several_departments THEN 10 ELSE 5 END
