"""Primary care, and the figures that other systems give as monthly totals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xunzhi.synth.ambulatory import volumes
from xunzhi.synth.catalog import read
from xunzhi.synth.columns import Array, Coded, Rows, known, serial
from xunzhi.synth.month import Hospital, Month
from xunzhi.synth.stays import first_day
from xunzhi.synth.world import DOCTOR, NURSE, PHARMACIST, TECHNICIAN, stream

PATIENTS_PER_BED = 3.0
PROGRAMMES = ("hypertension", "diabetes", "elderly", "child", "contract")


def register(hospital: Hospital) -> Rows:
    """phc_patient: who is managed in primary care, one row per person and programme."""
    rng = stream(hospital.seed, "phc")
    programme, birth, key = _people(hospital)
    count = len(programme)
    desk = np.full(count, hospital.units.of_kind("primary_care"))
    registered = np.datetime64(hospital.start) - (60 + 2000 * rng.random(count)).astype("m8[D]")
    signed = rng.random(count) < 0.5
    return {
        "institution": hospital.institution,
        "patient_id": _ids(count),
        "programme": Coded(programme, PROGRAMMES),
        "department": Coded(desk, hospital.units.code_values),
        "doctor": hospital.staff.column(hospital.staff.pick(rng, DOCTOR, desk)),
        "sex": Coded(rng.integers(0, 2, count), list("12")),
        "birth_date": birth,
        "registered_date": registered,
        "closed_date": None,
        "contract_date": np.where(signed, registered + 30, np.datetime64("NaT")),
        "contract_end_date": np.where(signed, registered + 30 + 365 * 6, np.datetime64("NaT")),
        "key_group": key,
    }


def _ids(count: int) -> pa.StringArray:
    return serial("C", count, 7)


def _people(hospital: Hospital) -> tuple[Array, Array, Array]:
    rng = stream(hospital.seed, "phc people")
    count = int(PATIENTS_PER_BED * hospital.beds)
    programme = rng.choice(len(PROGRAMMES), count, p=[0.4, 0.2, 0.2, 0.12, 0.08])
    age = np.where(
        programme == 3,
        6 * rng.random(count),
        np.where(programme == 2, 66 + 15 * rng.random(count), 45 + 35 * rng.random(count)),
    )
    birth = np.datetime64(hospital.start) - (age * 365.25).astype("m8[D]")
    return programme, birth, programme != 4


def make(month: Month) -> dict[str, Rows]:
    """Tables phc_visit and monthly_statistic."""
    return {"phc_visit": _visits(month), "monthly_statistic": _statistics(month)}


def _visits(month: Month) -> Rows:
    """Each managed person is seen about every third month."""
    rng = month.rng("phc_visit")
    programme, _, _ = _people(month.hospital)
    habit = stream(month.hospital.seed, "phc habit").random(len(programme))
    due = (np.arange(len(programme)) + month.number) % 3 == 0
    who = np.flatnonzero(due & (rng.random(len(programme)) < np.where(habit < 0.7, 0.985, 0.55)) & (programme != 4))
    count = len(who)
    kind = programme[who]
    level = stream(month.hospital.seed, "phc level").normal(size=len(programme))[who]
    pressure = 136 + 11 * level + 8 * rng.normal(size=count)
    sugar = 6.9 + 1.1 * level + 0.8 * rng.normal(size=count)
    good = (kind == 0) & (pressure < 140) | (kind == 1) & (sugar < 7.0) | (kind > 1)
    desk = np.full(count, month.units.of_kind("primary_care"))
    day = rng.choice(month.days, count)
    return {
        "institution": month.hospital.institution,
        "phc_visit_id": month.keys("phc_visit", "PV", count),
        "patient_id": Coded(who, _ids(len(programme))),
        "programme": Coded(kind, PROGRAMMES),
        "department": Coded(desk, month.units.code_values),
        "doctor": month.staff.column(month.staff.pick(rng, DOCTOR, desk)),
        "visit_date": day,
        "face_to_face": rng.random(count) < 0.85,
        "systolic": known(np.round(pressure), kind != 3),
        "diastolic": known(np.round(0.58 * pressure + 5 * rng.normal(size=count)), kind != 3),
        "fasting_glucose": known(np.round(np.maximum(sugar, 3.5), 1), kind == 1),
        "hba1c": known(np.round(np.maximum(2.2 + 0.68 * sugar, 4.5), 1), (kind == 1) & (rng.random(count) < 0.3)),
        "drug_adherence": Coded(
            np.where(kind <= 1, rng.choice(3, count, p=[0.8, 0.15, 0.05]), -1), ("regular", "intermittent", "none")
        ),
        "standard_met": good,
        "next_visit_date": day + 90,
        "referral": Coded(np.where(rng.random(count) < 0.015, 0, -1), ("up_out",)),
    }


def _statistics(month: Month) -> Rows:
    """Figures of the whole institution; noise is small and of the month."""
    rng, data, beds = month.rng("statistic"), read("statistics"), month.hospital.beds
    emergency, outpatient = volumes(month)
    season = read("departments")["seasons"]["flat"][month.number % 12]
    plain = {name: per * beds * season * np.exp(rng.normal(0, 0.02)) for name, per in data["money"].items()}
    plain |= {name: float(round(per * beds * np.exp(rng.normal(0, 0.05)))) for name, per in data["counts"].items()}
    plain |= data["fixed"]
    attended = float(round(emergency * np.exp(rng.normal(0, 0.02))))
    visits = float(round(outpatient * np.exp(rng.normal(0, 0.02))))
    plain |= {
        "outpatient_visits": visits, "emergency_visits": attended, "emergency_attendances": attended,
        "emergency_admissions": float(round(attended * 0.14)),
        "emergency_4h_breaches": float(rng.binomial(int(attended), 0.12)),
        "appointments": float(rng.binomial(int(visits), 0.72)),
    }  # fmt: skip
    plain |= _headcounts(month)
    shares = {}
    for name, (share, per_hundred) in data["shares"].items():
        many = max(1, round(per_hundred * beds / 100))
        shares[name] = (float(rng.binomial(many, share)), float(many))
    names = [*plain, *shares]
    empty = [0.0] * len(shares)
    has_value = np.array([name in plain for name in names])
    pair = np.array([shares.get(name, (0.0, 0.0)) for name in names])
    value = np.array([*plain.values(), *empty], float)
    return {
        "institution": month.hospital.institution,
        "department": month.hospital.institution,
        "month": np.full(len(names), first_day(month.number)),
        "item": Coded(np.arange(len(names)), names),
        "value": known(np.round(value, 2), has_value),
        "numerator": known(pair[:, 0], ~has_value),
        "denominator": known(pair[:, 1], ~has_value),
        "unit": Coded(np.where([name in data["money"] for name in names], 0, -1), ["元"]),
        "source": "统计科月报",
    }


_POSTS = (
    "anaesthetist", "anaesthesia_nurse", "pathologist", "pathology_technician", "transfusion", "infection_control",
    "coder", "inpatient_records",
)  # fmt: skip
_SHORTAGE = ("儿科", "重症医学科", "中医科", "麻醉科", "病理科")


def _headcounts(month: Month) -> dict[str, float]:
    staff, units = month.staff, month.units
    here = (staff.hired <= month.days[-1]) & ~(staff.left < month.first)
    left = (staff.left >= month.first) & (staff.left <= month.days[-1])
    post = np.array(staff.post)
    owner = np.array(units.names)[units.department[staff.unit]]
    icu = units.is_icu[staff.unit]

    def count(where: Array) -> float:
        return float(np.sum(where & here))

    doctor, nurse = staff.category == DOCTOR, staff.category == NURSE
    pharmacists = count(staff.category == PHARMACIST)
    ed = post == "emergency"
    by_post = {f"staff_{name}": count(post == name) for name in _POSTS}
    return by_post | {
        "staff_doctor": count(doctor),
        "staff_nurse": count(nurse),
        "staff_pharmacist": pharmacists,
        "staff_clinical_pharmacist": round(pharmacists * 0.22),
        "staff_health": count(staff.category <= TECHNICIAN),
        "staff_total": count(staff.category >= 0),
        "staff_icu_doctor": count(doctor & icu),
        "staff_icu_nurse": count(nurse & icu),
        "staff_emergency_doctor": count(doctor & ed),
        "staff_emergency_nurse": count(nurse & ed),
        "staff_shortage_doctor": count(doctor & np.isin(owner, _SHORTAGE)),
        "staff_outpatient_records": max(1.0, round(month.hospital.beds / 400)),
        "nurses_left": float(np.sum(left & nurse)),
    }
