SELECT
    institution,
    discussion_id,
    held_time,
    department,
    ward,
    patient_id,
    encounter_id,
    kind,
    reason,
    attendees,
    senior_attendees,
    chair_role IN ('department_head', 'deputy_head') AS chaired_by_head,
    coalesce(conclusion_recorded_time <= held_time + INTERVAL 24 HOUR, FALSE) AS recorded_within_24h
FROM case_discussion
