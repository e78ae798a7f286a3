SELECT
    institution, opportunity_id, session_id, department, ward, observed_time, staff_category,
    moment_1, moment_2, moment_3, moment_4, moment_5, action, correct
FROM hand_hygiene
