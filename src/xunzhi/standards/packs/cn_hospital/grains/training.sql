SELECT
    institution, training_id, staff, held_time, department, kind, topic, attended, score,
    coalesce(passed, score >= pass_score) IS NOT NULL AS examined,
    coalesce(passed, score >= pass_score, FALSE) AS passed
FROM training_record
