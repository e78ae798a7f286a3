"""Encounter, front page (病案首页), diagnoses and clinical pathways."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import read
from xunzhi.synth.columns import Array, Coded, Rows, day_of, hours, known, only, serial
from xunzhi.synth.month import Month
from xunzhi.synth.people import identities, years_between
from xunzhi.synth.records import working_days_after
from xunzhi.synth.stays import encounter_ids
from xunzhi.synth.world import DOCTOR, NURSE, names

_RISK = ("", "low", "medium_low", "medium_high", "high")


def make(month: Month) -> dict[str, Rows]:
    """Tables encounter, front_page, diagnosis, clinical_pathway."""
    total = _costs(month)
    return {
        "encounter": _encounters(month, total),
        "front_page": _front_pages(month, total),
        "diagnosis": _diagnoses(month),
        "clinical_pathway": _pathways(month),
    }


def _costs(month: Month) -> Array:
    """Total cost in fen."""
    rng, stays = month.rng("cost"), month.stays
    case = stays.case
    usual = month.cases["cost"][case].astype(float)
    length = stays.days / month.cases["los"][case].astype(float)
    unit = month.rates.probability("cost_level", stays.unit, stays.discharge)
    total = usual * unit * length**0.55 * np.exp(rng.normal(0, 0.30, len(stays)))
    return np.asarray(np.round(total * 100).astype(np.int64))


def _discharge_way(month: Month) -> Array:
    rng, died = month.rng("way"), month.stays.died
    way = rng.choice(4, len(died), p=[0.942, 0.012, 0.018, 0.028])
    return np.where(died, 4, way)


def _encounters(month: Month, total: Array) -> Rows:
    rng, stays, units = month.rng("encounter"), month.stays, month.units
    count, case = len(stays), stays.case
    age_days = np.floor(stays.age * 365.25).astype(np.int64)
    born = day_of(stays.admission) - age_days.astype("m8[D]")
    years = years_between(born, stays.admission)
    people = identities(month)
    risk = month.cases["risk"][case]
    mean = month.cases["los"][case].astype(float)
    icd = month.cases["icd10"][case]
    sudden = np.isin(icd, ("I21.0", "I21.9", "I63.9")) & (rng.random(count) < 0.55)
    cancer = np.char.startswith(icd, "C")
    group = rng.random(count) < 0.35
    return {
        **month.of_stay(np.arange(count)),
        **people,
        "visit_number": stays.visit,
        "sex": Coded(stays.female.astype(int), list("12")),
        "birth_date": born,
        "age_years": years,
        "age_days": known(age_days, years == 0),
        "admission_time": stays.admission,
        "ward_arrival_time": stays.admission + hours(0.2 + 0.5 * rng.random(count)),
        "discharge_time": stays.discharge,
        "admission_department": Coded(units.department[stays.first_unit], units.code_values),
        "admission_ward": Coded(stays.first_unit, units.code_values),
        "bed": Coded(rng.integers(1, 60, count), [f"{bed:02d}床" for bed in range(60)]),
        "attending_doctor": month.staff.column(stays.doctor),
        "resident_doctor": month.staff.column(stays.resident),
        "responsible_nurse": month.staff.column(stays.nurse),
        "admission_route": Coded(np.where(stays.emergency, 0, np.where(rng.random(count) < 0.96, 1, 2)), list("123")),
        "admission_urgency": Coded(np.where(stays.emergency, np.where(risk >= 4, 0, 1), 2), list("123")),
        "discharge_way": Coded(_discharge_way(month), list("123459")),
        "death_time": only(stays.died, stays.discharge),
        "discharged_dying": ~stays.died & (rng.random(count) < month.cases["death"][case].astype(float) * 0.3),
        "length_of_stay": stays.days,
        "day_surgery": Coded(stays.day_case.astype(int), list("01")),
        "previous_encounter_id": _previous(month),
        "unplanned_readmission": known(~_was_planned(month), stays.previous >= 0),
        "onset_time": only(sudden, stays.admission - hours(0.4 + rng.exponential(5, count))),
        "first_cancer_treatment_time": only(
            cancer & (rng.random(count) < 0.45), stays.admission + hours(10 + 30 * rng.random(count))
        ),
        "drg_code": Coded(case, np.char.add(month.cases["drg"], np.where(month.cases["risk"] > 2, "1", "5"))),
        "drg_name": Coded(case, month.cases["name"]),
        "drg_weight": np.round(month.cases["weight"][case].astype(float) * np.where(group, 1.2, 0.9), 2),
        "drg_risk": Coded(risk, _RISK),
        "drg_reference_stay": np.round(mean * 1.08, 1),
        "drg_reference_cost": np.round(month.cases["cost"][case].astype(float) * 1.05, 2),
        "total_cost": total / 100,
    }


def _previous(month: Month) -> Coded:
    """Encounter numbers of earlier stays: their place among all stays of the month they ended in."""
    stays = month.stays
    index = np.full(len(stays), -1)
    values: list[str] = []
    for home in np.unique(stays.home[stays.previous >= 0]):
        rows = np.flatnonzero((stays.home == home) & (stays.previous >= 0))
        there = month.hospital.stays.month(int(home))
        first = np.flatnonzero(there.previous < 0)
        place = np.empty(int(there.patient[first].max()) + 1, np.int64)
        place[there.patient[first][there.home[first] == home]] = first[there.home[first] == home]
        ids = encounter_ids(int(home), len(there))
        index[rows] = len(values) + np.arange(len(rows))
        values += ids.take(pa.array(place[stays.previous[rows]])).to_pylist()
    return Coded(index, values)


def _was_planned(month: Month) -> Array:
    stays = month.stays
    planned = np.zeros(len(stays), bool)
    for home in np.unique(stays.home[stays.previous >= 0]):
        rows = np.flatnonzero((stays.home == home) & (stays.previous >= 0))
        planned[rows] = month.hospital.stays.base(int(home)).planned[stays.previous[rows]]
    return planned


_FEES = (
    "general_service", "general_treatment", "nursing", "general_other", "pathology", "laboratory", "imaging",
    "clinical_diagnosis", "non_surgical", "surgical", "rehabilitation", "tcm_treatment", "western_drug", "tcm_patent",
    "tcm_herb", "blood", "albumin", "globulin", "coagulation", "cytokine", "examination_material",
    "treatment_material", "operation_material", "other",
)  # fmt: skip
_MEDICAL = (6, 6, 5, 1, 0.5, 15, 12, 4, 7, 0, 1.5, 1.5, 30, 2.5, 0.5, 0.6, 0.8, 0.2, 0.1, 0.1, 1.5, 4.5, 0, 0.7)
_SURGICAL = (4, 4, 4, 1, 2.5, 9, 8, 2, 2, 18, 0.5, 0.3, 14, 1, 0.1, 1.2, 0.8, 0.2, 0.2, 0.1, 1.3, 4.8, 20, 1)


def _fees(month: Month, total: Array, transfused: Array) -> dict[str, Array]:
    """The 24 fees in fen; they add up to the total exactly. Parts (`其中`) are named with a leading +."""
    rng, stays = month.rng("fees"), month.stays
    operated = np.zeros(len(stays), bool)
    operated[month.shared["op_stay"]] = True
    shape = np.where(operated[:, None], _SURGICAL, _MEDICAL)
    drugs = month.rates.probability("drug_share", stays.unit, stays.discharge)
    shape = shape * rng.gamma(6.0, 1 / 6.0, shape.shape)
    shape[:, 12] *= drugs
    shape[~transfused, 15] = 0
    shape /= shape.sum(axis=1, keepdims=True)
    fen = np.floor(shape * total[:, None]).astype(np.int64)
    fen[:, 0] += total - fen.sum(axis=1)
    fees = {name: fen[:, place] for place, name in enumerate(_FEES)}
    treated = np.zeros(len(stays), bool)
    treated[month.shared["abx_stay"]] = True
    fees["anaesthesia"] = fees["surgical"] * 3 // 10
    fees["operation"] = fees["surgical"] * 6 // 10
    fees["physiotherapy"] = fees["non_surgical"] // 5
    fees["antibacterial"] = np.where(
        treated, (fees["western_drug"] * (0.1 + 0.25 * rng.random(len(stays)))).astype(np.int64), 0
    )
    return fees


def _front_pages(month: Month, total: Array) -> Rows:
    rng, stays, units = month.rng("front"), month.stays, month.units
    count, unit, discharge = len(stays), stays.unit, stays.discharge
    words = read("words")
    icu_days = np.where(stays.icu_unit >= 0, (stays.icu_out - stays.icu_in).astype(np.int64) / 86_400, 0)
    icu_days = np.ceil(np.nan_to_num(np.where(stays.icu_unit >= 0, icu_days, 0)))
    rest = np.maximum(stays.days - icu_days, 0)
    first = np.floor(rest * np.where(stays.emergency, 0.6, 0.3))
    signed = month.rates.within(rng, "front_page_24h", unit, discharge, 24)
    newborn = units.neonatal[unit]
    streets = [f"{street}{number}号" for street in words["streets"] for number in range(1, 60, 7)]
    home = rng.integers(0, len(streets), count)
    adult = stays.age >= 20
    marriage = np.where(
        ~adult,
        0,
        np.where(
            stays.age > 72, rng.choice([1, 2], count, p=[0.7, 0.3]), rng.choice([0, 1, 3], count, p=[0.14, 0.82, 0.04])
        ),
    )
    job = np.where(
        stays.age < 7,
        12,
        np.where(stays.age < 20, 6, np.where(stays.age > 62, rng.choice([11, 5], count), rng.choice(13, count))),
    )
    transfused = np.zeros(count, bool)
    transfused[month.shared["blood_stay"]] = True
    ventilated = np.zeros(count)
    tubes = month.shared["dev_kind"] == 2
    np.add.at(
        ventilated,
        month.shared["dev_stay"][tubes],
        (month.shared["dev_end"] - month.shared["dev_begin"])[tubes].astype(np.int64) / 3600,
    )
    way = _discharge_way(month)
    blood = rng.choice(6, count, p=[0.26, 0.24, 0.28, 0.07, 0, 0.15])
    blood = np.where(transfused & (blood == 5), 2, blood)
    payment = rng.choice(5, count, p=[0.36, 0.05, 0.44, 0.05, 0.10])
    own = np.where(payment == 4, total, np.round(total * (0.2 + 0.25 * rng.random(count))))
    moved = ~np.isnat(stays.moved)
    allergic = rng.random(count) < 0.08
    injured = np.char.startswith(month.cases["icd10"][stays.case], "S06")
    fees = {f"fee_{name}": values / 100 for name, values in _fees(month, total, transfused).items()}

    def doctor(rank: int) -> Coded:
        return month.staff.column(month.staff.pick(rng, DOCTOR, unit, rank))

    return {
        **month.of_stay(np.arange(count)),
        "discharge_time": discharge,
        "organisation_code": "410000000000001",
        "organisation_name": "循质示范医院",
        "health_card": known(np.char.add("JK", np.char.zfill(stays.patient.astype(str), 8)), rng.random(count) < 0.7),
        "payment_method": Coded(payment, ("1.1", "1.2", "2.1", "2.2", "7")),
        "nationality": "156",
        "birth_weight_1": known(np.round(rng.normal(3250, 420, count)), newborn),
        "admission_weight": known(np.round(rng.normal(3200, 430, count)), newborn),
        "birthplace": "河南省郑州市",
        "native_province": Coded(rng.choice(5, count, p=[0.7, 0.1, 0.1, 0.05, 0.05]), ("16", "12", "3", "15", "17")),
        "ethnicity": Coded((rng.random(count) < 0.02).astype(int), ("1", "3")),
        "occupation": Coded(job, ("11", "13", "17", "21", "24", "27", "31", "37", "51", "54", "70", "80", "90")),
        "marital_status": Coded(marriage, list("1234")),
        "address": Coded(home, streets),
        "postcode": "450000",
        "registered_address": Coded(home, streets),
        "registered_postcode": "450000",
        "employer": None,
        "contact_name": names(rng, rng.random(count) < 0.5),
        "contact_relation": Coded(np.where(adult, rng.integers(0, 3, count), 3), ("1", "2", "3", "5")),
        "contact_address": Coded(home, streets),
        "contact_phone": serial("138", count, 8),
        "admission_department_code": Coded(units.department[stays.first_unit], units.rc023),
        "transfer_departments": Coded(np.where(moved, units.department[unit], -1), units.rc023),
        "discharge_department_code": Coded(units.department[unit], units.rc023),
        "drug_allergy": Coded(allergic.astype(int), list("12")),
        "allergy_drugs": Coded(np.where(allergic, rng.integers(0, 3, count), -1), ("青霉素", "头孢菌素", "磺胺")),
        "autopsy": Coded(np.where(stays.died, (rng.random(count) > 0.01).astype(int), -1), list("12")),
        "blood_type": Coded(blood, list("123456")),
        "rh": Coded(np.where(blood == 5, 3, (rng.random(count) < 0.997).astype(int)), list("1234")),
        "transfusion_reaction": Coded(np.where(transfused, np.where(rng.random(count) < 0.005, 1, 2), 0), list("012")),
        "department_head": doctor(0),
        "senior_doctor": doctor(1),
        "attending_doctor": month.staff.column(stays.doctor),
        "resident_doctor": month.staff.column(stays.resident),
        "responsible_nurse": month.staff.column(stays.nurse),
        "coder": month.staff.column(month.staff.pick(rng, NURSE, np.full(count, units.codes.index("6003")))),
        "record_quality": Coded(np.where(month.hit(rng, "grade_a_record", np.arange(count)), 0, 1), list("123")),
        "quality_doctor": doctor(2),
        "quality_nurse": month.staff.column(month.staff.pick(rng, NURSE, unit, 2)),
        "quality_date": day_of(signed) + 1,
        "discharge_way": Coded(way, list("123459")),
        "receiving_institution": Coded(np.where(np.isin(way, (1, 2)), way, -1), ("", "省人民医院", "社区卫生服务中心")),
        "readmission_plan": Coded(stays.planned.astype(int), list("12")),
        "readmission_purpose": Coded(np.where(stays.planned, 0, -1), ["按疗程继续治疗"]),
        "coma_before_days": known(np.zeros(count, np.int64), injured),
        "coma_before_hours": known(rng.integers(0, 4, count), injured),
        "coma_before_minutes": known(rng.integers(0, 60, count), injured),
        "coma_after_days": known(np.zeros(count, np.int64), injured),
        "coma_after_hours": known(rng.integers(0, 3, count), injured),
        "coma_after_minutes": known(rng.integers(0, 60, count), injured),
        "ventilator_hours": np.round(ventilated, 1),
        "special_care_days": icu_days,
        "level1_care_days": first,
        "level2_care_days": rest - first,
        "level3_care_days": np.zeros(count),
        "signed_time": signed,
        "archived_time": _archived(month, rng),
        "uploaded_time": discharge + hours(24 * (10 + 12 * rng.random(count))),
        "total_cost": total / 100,
        "self_paid": own / 100,
        **fees,
    }


def _archived(month: Month, rng: np.random.Generator) -> Array:
    """Most records are filed within two Chinese working days."""
    stays = month.stays
    soon = month.hit(rng, "archived_2_days", np.arange(len(stays)))
    after = np.where(soon, rng.choice([1, 2], len(stays), p=[0.4, 0.6]), rng.integers(4, 12, len(stays)))
    return working_days_after(month, stays.discharge, after) + hours(9 + 7 * rng.random(len(stays)))


def _diagnoses(month: Month) -> Rows:
    """Principal, comorbidities (present on admission), complications, clinic and admission diagnoses."""
    rng, stays = month.rng("diagnosis"), month.stays
    data = read("cases")
    count = len(stays)
    everyone = np.arange(count)
    icds = [
        *month.cases["icd10"],
        *(row[0] for row in data["comorbidities"]),
        *(row[0] for row in data["complications"].values()),
    ]
    names_ = [
        *month.cases["name"],
        *(row[1] for row in data["comorbidities"]),
        *(row[1] for row in data["complications"].values()),
    ]
    own, common = len(month.cases["icd10"]), len(data["comorbidities"])
    agrees = month.hit(rng, "admission_diagnosis_agrees", everyone)
    first_idea = np.where(agrees, stays.case, (stays.case + 1) % own)
    weight = np.array([row[2] for row in data["comorbidities"]], float)
    odds = weight / weight.sum() * 2.6
    other_stay, other = np.nonzero(rng.random((count, common)) < odds * np.clip((stays.age[:, None] - 25) / 40, 0, 1.4))
    parts = [
        (everyone, np.zeros(count, int), stays.case, np.where(rng.random(count) < 0.97, 0, 1)),
        (everyone, np.full(count, 2), stays.case, np.full(count, -1)),
        (everyone, np.full(count, 3), first_idea, np.full(count, -1)),
        (other_stay, np.ones(len(other), int), own + other, np.zeros(len(other), int)),
    ]
    for place, name in enumerate(data["complications"]):
        who = _complicated(month, rng, name)
        parts.append((who, np.ones(len(who), int), np.full(len(who), own + common + place), np.full(len(who), 3)))
    stay, kind, what, condition = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    order = np.lexsort((what, kind, stay))
    stay, kind, what, condition = stay[order], kind[order], what[order], condition[order]
    family = stay * 10 + kind
    return {
        **month.of_stay(stay),
        "kind": Coded(kind, ("principal", "other", "outpatient", "admission")),
        "sequence": np.arange(len(stay)) - np.searchsorted(family, family) + 1,
        "discharge_time": stays.discharge[stay],
        "icd10": Coded(what, icds),
        "name": Coded(what, names_),
        "admission_condition": Coded(condition, list("1234")),
        "outcome": Coded(np.where(kind > 1, -1, np.where(stays.died[stay], 3, (stay + what) % 8 // 5)), list("1234")),
    }


def _complicated(month: Month, rng: np.random.Generator, name: str) -> Array:
    """Stays with a complication: of operations, or of births."""
    if name in ("perineal_tear", "postpartum_haemorrhage"):
        codes = month.cases["icd10"][month.stays.case]
        stay = np.flatnonzero(np.isin(codes, ("O80.0", "O82.0") if name == "postpartum_haemorrhage" else ("O80.0",)))
        return stay[month.hit(rng, name, stay)]
    stay = np.unique(month.shared["op_stay"][~month.shared["op_cancelled"]])
    return stay[month.hit(rng, name, stay)]


def _pathways(month: Month) -> Rows:
    rng, stays = month.rng("pathway"), month.stays
    fits = (month.cases["risk"][stays.case] <= 2) & (rng.random(len(stays)) < 0.8)
    stay = np.flatnonzero(fits)
    entered = month.hit(rng, "pathway_entered", stay)
    finished = entered & month.hit(rng, "pathway_completed", stay)
    varied = entered & month.hit(rng, "pathway_varied", stay)
    count = len(stay)
    begin = stays.admission[stay] + hours(2 + 10 * rng.random(count))
    return {
        **month.of_stay(stay),
        "pathway": Coded(stays.case[stay], month.cases["drg"]),
        "discharge_time": stays.discharge[stay],
        "name": Coded(stays.case[stay], month.cases["name"]),
        "eligible": np.ones(count, bool),
        "entered_time": only(entered, np.minimum(begin, stays.discharge[stay])),
        "not_entered_reason": Coded(np.where(entered, -1, rng.integers(0, 2, count)), ("合并症多", "患者不同意")),
        "completed_time": only(finished, stays.discharge[stay]),
        "exited_time": only(entered & ~finished, stays.discharge[stay] - hours(3)),
        "exit_reason": Coded(np.where(entered & ~finished, rng.integers(0, 2, count), -1), ("出现并发症", "诊断改变")),
        "variances": np.where(varied, rng.integers(1, 4, count), 0),
        "variance_source": Coded(
            np.where(varied, rng.integers(0, 4, count), -1), ("patient", "staff", "system", "other")
        ),
    }
