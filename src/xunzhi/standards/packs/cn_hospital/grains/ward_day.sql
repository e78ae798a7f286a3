SELECT
    institution, ward, day, department,
    open_beds, occupied_beds, admissions, discharges, deaths, transfers_in, transfers_out,
    special_care_patients, level1_care_patients, level2_care_patients, level3_care_patients,
    critical_patients, serious_patients,
    nurse_hours, day_nurses, night_nurses, day_patients, night_patients, hand_rub_ml,
    extract(day FROM last_day(day)) AS days_in_month
FROM bed_census
