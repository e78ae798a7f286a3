SELECT
    c.institution, c.ward, c.day, c.department,
    c.open_beds, c.occupied_beds, c.admissions, c.discharges, c.deaths, c.transfers_in, c.transfers_out,
    c.special_care_patients, c.level1_care_patients, c.level2_care_patients, c.level3_care_patients,
    c.critical_patients, c.serious_patients,
    c.nurse_hours, c.day_nurses, c.night_nurses, c.day_patients, c.night_patients, c.hand_rub_ml,
    extract(day FROM last_day(c.day)) AS days_in_month,
    coalesce(w.is_icu, FALSE) AS is_icu
FROM bed_census AS c
LEFT JOIN department AS w ON w.institution = c.institution AND w.department = c.ward
