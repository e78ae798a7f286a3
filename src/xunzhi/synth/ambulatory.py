"""Emergency and outpatient visits (outpatients sampled) and their prescriptions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import read
from xunzhi.synth.columns import Array, Coded, Rows, day_of, hours, known, minutes, only
from xunzhi.synth.month import Month
from xunzhi.synth.world import DOCTOR, is_working

EMERGENCY_PER_BED = 11.0  # visits per bed and month (assumed)
OUTPATIENT_PER_BED = 75.0
OUTPATIENT_SAMPLE = 0.06  # share of outpatient visits that become rows, at detail 1; monthly_statistic has them all
_PROBLEMS: dict[str, tuple[str, str, float]] = read("words")["emergency_problems"]
_NAMES = list(_PROBLEMS)
_CLINIC: list[tuple[str, str]] = read("words")["clinic_problems"]


def make(month: Month) -> dict[str, Rows]:
    """Tables emergency_visit, outpatient_visit, prescription."""
    emergency = _emergency(month)
    outpatient = _outpatient(month)
    return {
        "emergency_visit": emergency,
        "outpatient_visit": outpatient,
        "prescription": _prescriptions(month),
        "rescue": _rescues(month),
    }


def _arrivals(rng: np.random.Generator, month: Month, total: float, *, working: bool) -> Array:
    days = month.days
    work = np.array([is_working(day)[0] for day in days.astype(object)])
    weight = np.where(work, 1.0, 0.22) if working else np.where(work, 1.0, 1.12)
    counts = rng.poisson(total * weight / weight.sum())
    hour = (
        np.clip(rng.normal(10.4, 2.2, counts.sum()), 7.6, 17.2)
        if working
        else 24 * (0.3 + 0.7 * rng.beta(1.7, 1.5, counts.sum())) % 24
    )
    return np.sort(np.repeat(days, counts).astype("M8[s]") + hours(hour))


def volumes(month: Month) -> tuple[float, float]:
    """Expected emergency and outpatient visits of the month."""
    season = read("departments")["seasons"]
    beds, place = month.hospital.beds, month.number % 12
    return EMERGENCY_PER_BED * beds * season["respiratory"][place], OUTPATIENT_PER_BED * beds * season["flat"][place]


def _emergency(month: Month) -> Rows:
    rng, stays = month.rng("emergency"), month.stays
    desk = month.units.of_kind("emergency")
    came = _arrivals(rng, month, volumes(month)[0] * min(month.hospital.detail, 1.0), working=False)
    admitted = np.flatnonzero(stays.emergency & (rng.random(len(stays)) < 0.7 * min(month.hospital.detail, 1.0)))
    arrival = np.concatenate([came, stays.admission[admitted] - hours(1 + 4 * rng.random(len(admitted)))])
    inside = np.concatenate([np.full(len(came), -1), admitted])
    count, unit = len(arrival), np.full(len(arrival), desk)
    share = np.array([weight for _, _, weight in _PROBLEMS.values()])
    problem = rng.choice(len(share), count, p=share / share.sum())
    stemi, stroke, wound, injured = (problem == _NAMES.index(name) for name in ("stemi", "stroke", "wound", "trauma"))
    sick = stemi | stroke | injured
    trauma = wound | injured
    level = np.where(
        sick, rng.choice(3, count, p=[0.25, 0.6, 0.15]), rng.choice(4, count, p=[0.006, 0.055, 0.45, 0.489])
    )
    resus = level <= 1

    def hit(name: str) -> Array:
        return month.rates.hit(rng, name, unit, arrival)

    seen = arrival + minutes(np.array([1, 4, 14, 28])[level] * np.exp(rng.normal(0, 0.5, count)))
    stay_hours = month.rates.probability("resuscitation_stay", unit, arrival) / 60 * np.exp(rng.normal(0, 0.7, count))
    resus_in = arrival + minutes(3 + 4 * rng.random(count))
    resus_out = resus_in + hours(stay_hours)
    severe = injured & (rng.random(count) < 0.45)
    lysed = stemi & (rng.random(count) < 0.12)
    ballooned = stemi & ~lysed & (rng.random(count) < 0.8)
    needle = np.where(hit("door_to_needle_30"), 14 + 15 * rng.random(count), 31 + 30 * rng.random(count))
    balloon = np.where(hit("door_to_balloon_90"), 45 + 44 * rng.random(count), 91 + 60 * rng.random(count))
    died = resus & (inside < 0) & hit("resuscitation_death")
    back = resus & (inside < 0) & ~died & hit("resuscitation_return_72h")
    person = np.arange(count)
    earlier = _returning(rng, resus & ~died & (inside < 0), back, resus_in, resus_out)
    person = np.where(earlier >= 0, earlier, person)
    departure = np.where(resus, resus_out + minutes(10), seen + hours(0.6 + rng.exponential(2.2, count)))
    way = np.where(
        inside >= 0, 6, np.where(died, 4, rng.choice([0, 1, 2, 3, 5], count, p=[0.87, 0.012, 0.004, 0.014, 0.1]))
    )
    watched = way == 5
    line = resus & (rng.random(count) < 0.05)
    ids, people = month.keys("emergency_visit", "EV", count), month.keys("emergency_patient", "PE", count)
    patients = [*people.to_pylist(), *month.patients.to_pylist()]
    own = np.where(inside >= 0, count + inside, person)
    month.shared |= {"ed_patient": own, "ed_seen": seen, "ed_problem": problem}
    month.ids["ed_patients"] = pa.array(patients, pa.string())
    ambulance = rng.random(count) < np.where(resus, 0.5, 0.06)
    call = arrival - minutes(22 + 30 * rng.random(count))
    arrest = resus & (inside < 0) & (died | hit("resuscitation_arrest"))
    month.shared |= {
        "arrest_visit": np.flatnonzero(arrest),
        "arrest_start": resus_in[arrest],
        "arrest_died": died[arrest],
    }
    month.shared["arrest_end"] = resus_out[arrest]
    return {
        "institution": month.hospital.institution,
        "visit_id": ids,
        "patient_id": Coded(own, month.ids["ed_patients"]),
        "encounter_id": Coded(inside, month.encounters),
        "previous_visit_id": Coded(earlier, ids),
        "department": month.place(unit)["department"],
        "doctor": month.staff.column(month.staff.pick(rng, DOCTOR, unit)),
        "sex": Coded(np.where(inside >= 0, stays.female[inside].astype(int), rng.integers(0, 2, count)), list("12")),
        "age_years": np.where(
            inside >= 0, np.floor(stays.age[inside]), np.clip(rng.normal(46, 21, count), 1, 95)
        ).astype(np.int64),
        "arrival_mode": Coded(
            np.where(ambulance, 0, np.where(rng.random(count) < 0.96, 1, 2)), ("ambulance", "self", "referral")
        ),
        "dispatched_time": only(ambulance, call),
        "ambulance_arrival_time": only(
            ambulance, call + month.rates.delay(rng, "ambulance_response", unit, arrival, 0.3)
        ),
        "onset_time": only(stemi | stroke, arrival - hours(0.5 + rng.exponential(4, count))),
        "arrival_time": arrival,
        "triage_time": arrival + minutes(1 + 3 * rng.random(count)),
        "triage_level": Coded(level, list("1234")),
        "first_doctor_time": seen,
        "icd10": Coded(problem, [icd for icd, _, _ in _PROBLEMS.values()]),
        "diagnosis": Coded(problem, [name for _, name, _ in _PROBLEMS.values()]),
        "resus_in_time": only(resus, resus_in),
        "resus_out_time": only(resus, resus_out),
        "unplanned_return": back,
        "observation_in_time": only(watched, departure - hours(0.5)),
        "observation_out_time": only(watched, departure + hours(8 + 20 * rng.random(count))),
        "departure_time": np.where(watched, departure + hours(29), departure),
        "disposition": Coded(way, list("1234567")),
        "death_time": only(died, resus_out),
        "discharged_dying": resus & ~died & (inside < 0) & (rng.random(count) < 0.004),
        "stemi": stemi,
        "stroke": stroke,
        "ecg_time": only(stemi | (problem == _NAMES.index("chest")), arrival + minutes(2 + 9 * rng.random(count))),
        "ct_time": only(stroke | severe, arrival + minutes(12 + 22 * rng.random(count))),
        "thrombolysis_time": only(lysed | (stroke & (rng.random(count) < 0.16)), arrival + minutes(needle)),
        "balloon_time": only(ballooned, arrival + minutes(balloon)),
        "puncture_time": only(ballooned, arrival + minutes(balloon - 15)),
        "trauma": trauma,
        "trauma_scored_time": only(trauma & hit("trauma_scored"), arrival + minutes(10 + 30 * rng.random(count))),
        "iss": known(np.where(severe, rng.integers(16, 42, count), rng.integers(1, 15, count)), trauma),
        "rts": known(np.where(severe, 9.0, 12.0), trauma),
        "traumatic_shock": known(severe & (rng.random(count) < 0.4), trauma),
        "operation_start_time": only(
            severe & (rng.random(count) < 0.5),
            arrival + month.rates.delay(rng, "trauma_to_operation", unit, arrival, 0.35),
        ),
        "cvc_placed": line,
        "cvc_vascular_complication": line & hit("cvc_complication"),
        "record_signed_time": seen + hours(0.5 + 3 * rng.random(count)),
    }


def _rescues(month: Month) -> Rows:
    """Cardiac arrests in the emergency department join the rescues of inpatients."""
    rng, share = month.rng("emergency rescue"), month.shared
    visit, start, died = share["arrest_visit"], share["arrest_start"], share["arrest_died"]
    count, unit = len(visit), np.full(len(visit), month.units.of_kind("emergency"))
    outside = rng.random(count) < 0.6
    revived = ~died | month.rates.hit(rng, "out_of_hospital_rosc", unit, start)
    coma = revived & (rng.random(count) < 0.6)
    cooled = coma & month.rates.hit(rng, "temperature_management", unit, start)
    end = np.minimum(start + minutes(30 + 40 * rng.random(count)), share["arrest_end"])
    return {
        "institution": month.hospital.institution,
        "rescue_id": month.keys("emergency_rescue", "RE", count),
        "patient_id": Coded(share["ed_patient"][visit], month.ids["ed_patients"]),
        "visit_id": Coded(visit, month.ids["emergency_visit"]),
        "setting": "emergency",
        "department": month.place(unit)["department"],
        "start_time": start,
        "end_time": end,
        "leader": month.staff.column(month.staff.pick(rng, DOCTOR, unit, 2)),
        "cardiac_arrest": Coded(np.where(outside, 0, 1), ("out_of_hospital", "in_hospital")),
        "rosc_time": only(revived, start + minutes(4 + 16 * rng.random(count))),
        "circulation_minutes": known(np.where(died, 20 + 60 * rng.random(count), 1500.0), revived),
        "comatose": known(coma, revived),
        "ttm_start_time": only(cooled, end + hours(2)),
        "ttm_end_time": only(cooled, end + hours(30)),
        "survived": ~died,
        "record_signed_time": month.rates.within(rng, "rescue_note_6h", unit, end, 6),
    }


def _returning(rng: np.random.Generator, sources: Array, back: Array, begin: Array, end: Array) -> Array:
    """For each return an earlier visit that left the resuscitation room within 3 days before; -1 elsewhere."""
    earlier = np.full(len(back), -1)
    pool = np.flatnonzero(sources & ~back)
    pool = pool[np.argsort(end[pool])]
    rows = np.flatnonzero(back)
    high = np.searchsorted(end[pool], begin[rows])
    low = np.searchsorted(end[pool], begin[rows] - np.timedelta64(71, "h"))
    fits = high > low
    chosen = low + (rng.random(len(rows)) * (high - low)).astype(np.int64)
    earlier[rows[fits]] = pool[np.minimum(chosen[fits], len(pool) - 1)]
    return earlier


def _outpatient(month: Month) -> Rows:
    rng = month.rng("outpatient")
    total = volumes(month)[1] * OUTPATIENT_SAMPLE * min(month.hospital.detail, 1.0)
    at = _arrivals(rng, month, total, working=True)
    count = len(at)
    units = month.units
    clinics = np.flatnonzero((units.beds[: units.departments] > 0) & ~units.is_icu[: units.departments])
    primary = units.of_kind("primary_care")
    unit = rng.choice(clinics, count, p=units.beds[clinics] / units.beds[clinics].sum())
    unit = np.where(rng.random(count) < 0.08, primary, unit)
    booked = month.rates.hit(rng, "appointment", unit, at)
    wait = month.rates.delay(rng, "clinic_wait", unit, at, 0.6)
    problem = rng.integers(0, len(_CLINIC), count)
    ward = units.wards[np.searchsorted(units.department[units.wards], np.where(unit == primary, 0, unit))]
    doctors = month.staff.pick(rng, DOCTOR, np.where(unit == primary, primary, ward))
    people = month.keys("outpatient_patient", "PO", count)
    month.shared |= {
        "op_visit_unit": unit,
        "op_visit_seen": at + wait,
        "op_visit_doctor": doctors,
        "op_visit_problem": problem,
    }
    referral = rng.random(count)
    return {
        "institution": month.hospital.institution,
        "visit_id": month.keys("outpatient_visit", "OV", count),
        "patient_id": people,
        "department": Coded(unit, units.code_values),
        "doctor": month.staff.column(doctors),
        "sex": Coded((rng.random(count) < 0.55).astype(int), list("12")),
        "age_years": np.clip(rng.normal(48, 20, count), 0, 96).astype(np.int64),
        "visit_kind": Coded(rng.choice(4, count, p=[0.93, 0.02, 0.04, 0.01]), list("2345")),
        "visit_time": at,
        "booked_time": only(booked, at - hours(24 * (0.5 + 6 * rng.random(count)))),
        "appointment_time": only(booked, at + minutes(10.0)),
        "appointment": booked,
        "check_in_time": at,
        "seen_time": at + wait,
        "finished_time": at + wait + minutes(4 + 8 * rng.random(count)),
        "first_visit": rng.random(count) < 0.42,
        "icd10": Coded(problem, [icd for icd, _ in _CLINIC]),
        "diagnosis": Coded(problem, [name for _, name in _CLINIC]),
        "infusion": rng.random(count) < 0.02,
        "referral": Coded(
            np.where(referral < 0.012, 0, np.where(referral < 0.02, 1, -1))
            + np.where(unit == primary, 2, 0) * (referral < 0.02),
            ("up_in", "down_out", "up_out", "down_in"),
        ),
        "record_signed_time": at + wait + minutes(15.0),
        "total_cost": np.round(rng.lognormal(5.5, 0.7, count), 2),
    }


def _prescriptions(month: Month) -> Rows:
    rng, share = month.rng("prescription"), month.shared
    clinic = np.flatnonzero(rng.random(len(share["op_visit_unit"])) < 0.72)
    urgent = np.flatnonzero(rng.random(len(share["ed_seen"])) < 0.6)
    emergency = np.arange(len(clinic) + len(urgent)) >= len(clinic)
    desk = month.units.of_kind("emergency")
    unit = np.concatenate([share["op_visit_unit"][clinic], np.full(len(urgent), desk)])
    at = np.concatenate([share["op_visit_seen"][clinic], share["ed_seen"][urgent]]) + np.timedelta64(300, "s")
    count = len(at)
    anti = np.where(
        emergency,
        month.rates.hit(rng, "emergency_antibacterial", unit, at),
        month.rates.hit(rng, "outpatient_antibacterial", unit, at),
    )
    infusion = emergency & (rng.random(count) < 0.32) | ~emergency & (rng.random(count) < 0.015)
    good = month.rates.hit(rng, "prescription_qualified", unit, at)
    commented = rng.random(count) < month.rates.probability("prescription_commented", unit, at)
    doctors = np.concatenate(
        [share["op_visit_doctor"][clinic], month.staff.pick(rng, DOCTOR, np.full(len(urgent), desk))]
    )
    visits = [*month.ids["outpatient_visit"].to_pylist(), *month.ids["emergency_visit"].to_pylist()]
    patients = [*month.ids["outpatient_patient"].to_pylist(), *month.ids["ed_patients"].to_pylist()]
    many = len(share["op_visit_unit"])
    comment = np.where(commented, np.where(good, 0, rng.choice([1, 2, 3], count, p=[0.4, 0.57, 0.03])), -1)
    diagnoses = [*_CLINIC, *((icd, name) for icd, name, _ in _PROBLEMS.values())]
    what = np.concatenate([share["op_visit_problem"][clinic], len(_CLINIC) + share["ed_problem"][urgent]])
    return {
        "institution": month.hospital.institution,
        "prescription_id": month.keys("prescription", "RX", count),
        "patient_id": Coded(np.concatenate([clinic, many + share["ed_patient"][urgent]]), patients),
        "visit_id": Coded(np.concatenate([clinic, many + urgent]), visits),
        "setting": Coded(emergency.astype(int), ("outpatient", "emergency")),
        "department": Coded(month.units.department[unit], month.units.code_values),
        "doctor": month.staff.column(doctors),
        "prescribed_time": at,
        "kind": Coded(rng.choice(4, count, p=[0.78, 0.14, 0.06, 0.02]), ("western", "patent", "herb", "controlled")),
        "diagnosis": Coded(what, [name for _, name in diagnoses]),
        "icd10": Coded(what, [icd for icd, _ in diagnoses]),
        "drug_kinds": 1 + rng.poisson(1.4, count),
        "antibacterial": anti,
        "antibiotic_grade": Coded(np.where(anti, (rng.random(count) < 0.12).astype(int), -1), list("123")),
        "injection": infusion | (rng.random(count) < 0.04),
        "infusion": infusion,
        "steroid_infusion": infusion & emergency & month.rates.hit(rng, "emergency_steroid", unit, at),
        "tcm_injection": infusion & (rng.random(count) < 0.04),
        "essential_drug": month.rates.hit(rng, "essential_prescription", unit, at),
        "total": np.round(rng.lognormal(4.6, 0.8, count), 2),
        "pharmacist_review_time": only(
            month.rates.hit(rng, "prescription_reviewed", unit, at), at + minutes(3 + 5 * rng.random(count))
        ),
        "dispensed_time": at + minutes(12 + 20 * rng.random(count)),
        "commented_date": np.where(commented, day_of(at) + 20, np.datetime64("NaT")),
        "comment_result": Coded(comment, ("qualified", "irregular", "inappropriate", "abnormal")),
        "comment_reason": Coded(
            np.where(comment > 0, rng.integers(0, 3, count), -1), ("诊断书写不全", "用法用量不适宜", "重复给药")
        ),
    }
