-- One row per valid questionnaire. What nobody can judge (not applicable, no score) lowers nothing.
WITH answered AS (
    SELECT
        institution, questionnaire_id, survey, department, ward, answered_time,
        CASE WHEN dimension IN ('推荐意愿', 'recommendation') THEN score END AS recommendation,
        CASE WHEN coalesce(dimension, '') NOT IN ('推荐意愿', 'recommendation') AND max_score > 0 THEN score END AS score,
        CASE WHEN coalesce(dimension, '') NOT IN ('推荐意愿', 'recommendation') AND score IS NOT NULL
            THEN max_score END AS max_score
    FROM survey_answer
    WHERE coalesce(valid, TRUE) AND NOT coalesce(not_applicable, FALSE)
)
SELECT
    institution,
    questionnaire_id,
    min(answered_time) AS answered_time,
    min(survey) AS survey,
    min(department) AS department,
    min(ward) AS ward,
    100.0 * sum(score) / nullif(sum(max_score), 0) AS score_rate,
    min(recommendation) AS recommendation
FROM answered
GROUP BY institution, questionnaire_id
