-- One row per consultation. An order counts only from the request on: an earlier one can't have come of it.
SELECT
    institution,
    consultation_id,
    requested_time,
    department,
    ward,
    patient_id,
    encounter_id,
    visit_id,
    kind,
    consulted_department,
    consultant,
    coalesce(arrived_time <= requested_time + INTERVAL 10 MINUTE, FALSE) AS arrived_within_10min,
    coalesce(order_time >= requested_time AND order_time <= requested_time + INTERVAL 40 MINUTE, FALSE)
        AS ordered_within_40min,
    coalesce(order_time >= requested_time AND order_time <= requested_time + INTERVAL 24 HOUR, FALSE)
        AS ordered_within_24h,
    coalesce(signed_time <= requested_time + INTERVAL 24 HOUR, FALSE) AS signed_within_24h,
    coalesce(signed_time <= requested_time + INTERVAL 48 HOUR, FALSE) AS signed_within_48h,
    consultant_title IN ('1', '2', '3') AS attending_or_above
FROM consultation
