-- One row per admission to an intensive-care unit. Septic shock counts when diagnosed on admission, that is within
-- 6 h of entry; its clock starts at the diagnosis, or at entry if that was later.
WITH shock AS (
    SELECT
        institution, icu_stay_id,
        greatest(septic_shock_time, in_time) AS start_time
    FROM icu_stay
    WHERE septic_shock_time <= in_time + INTERVAL 6 HOUR
),
treated AS (
    SELECT i.institution, i.icu_stay_id, min(m.ordered_time) AS first_antibacterial
    FROM icu_stay AS i
    JOIN medical_order AS m
        ON m.institution = i.institution
        AND m.encounter_id = i.encounter_id
        AND m.ordered_time >= i.in_time
        AND m.ordered_time <= coalesce(i.out_time, m.ordered_time)
    WHERE m.antibiotic_purpose = 'treatment' AND NOT coalesce(m.cancelled, FALSE)
    GROUP BY i.institution, i.icu_stay_id
),
sampled AS (
    SELECT institution, encounter_id, min(collected_time) AS first_specimen
    FROM lab_specimen
    WHERE pathogen_test AND encounter_id IS NOT NULL AND NOT coalesce(rejected, FALSE)
    GROUP BY institution, encounter_id
)
SELECT
    i.institution,
    i.icu_stay_id,
    i.in_time,
    i.department,
    i.ward,
    i.patient_id,
    i.encounter_id,
    i.planned,
    i.from_department IS NOT NULL AS transferred_in,
    coalesce(i.apache2 >= 15 AND i.apache2_time <= i.in_time + INTERVAL 24 HOUR, FALSE) AS apache2_15,
    s.start_time IS NOT NULL AS septic_shock,
    date_diff('second', s.start_time, i.lactate_time) / 60 AS lactate_minutes,
    date_diff('second', s.start_time, i.repeat_lactate_time) / 60 AS repeat_lactate_minutes,
    date_diff('second', s.start_time, i.blood_culture_time) / 60 AS culture_minutes,
    date_diff('second', s.start_time, i.antibiotic_time) / 60 AS antibiotic_minutes,
    date_diff('second', s.start_time, i.fluid_time) / 60 AS fluid_minutes,
    date_diff('second', s.start_time, i.vasopressor_time) / 60 AS vasopressor_minutes,
    coalesce(i.blood_culture_time <= i.antibiotic_time, FALSE) AS culture_before_antibiotic,
    coalesce(i.hypotension, FALSE) OR coalesce(i.lactate >= 4, FALSE) AS fluid_needed,
    coalesce(i.hypotension, FALSE) AS hypotension,
    coalesce(i.lactate > 2, FALSE) AS lactate_raised,
    t.first_antibacterial IS NOT NULL AS treated_with_antibacterials,
    coalesce(c.first_specimen <= t.first_antibacterial, FALSE) AS sampled_before,
    i.dvt_prophylaxis_time IS NOT NULL AS dvt_prophylaxis,
    coalesce(i.ards IN ('moderate', 'severe'), FALSE) AS ards_moderate_severe,
    i.prone_time IS NOT NULL AS prone,
    i.pain_assessed_time IS NOT NULL AS pain_assessed,
    i.sedation_assessed_time IS NOT NULL AS sedation_assessed,
    coalesce(i.brain_injury, FALSE) AS brain_injury,
    i.consciousness_assessed_time IS NOT NULL AS consciousness_assessed,
    date_diff('second', i.in_time, i.out_time) / 60 AS stay_minutes,
    date_diff('second', i.in_time, i.enteral_nutrition_time) / 60 AS nutrition_minutes
FROM icu_stay AS i
LEFT JOIN shock AS s ON s.institution = i.institution AND s.icu_stay_id = i.icu_stay_id
LEFT JOIN treated AS t ON t.institution = i.institution AND t.icu_stay_id = i.icu_stay_id
LEFT JOIN sampled AS c ON c.institution = i.institution AND c.encounter_id = i.encounter_id
