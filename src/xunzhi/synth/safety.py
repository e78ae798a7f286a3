"""What people report, check and practise: events, complaints, disputes, inspections, hand hygiene, training, drills."""

from __future__ import annotations

import numpy as np

from xunzhi.synth.catalog import read
from xunzhi.synth.columns import Array, Coded, Rows, hours, known, minutes, only, spread
from xunzhi.synth.critical import DEVICES
from xunzhi.synth.month import Month
from xunzhi.synth.world import NURSE

_WARD_EVENTS: list[tuple[str, str, str]] = [tuple(row) for row in read("words")["ward_events"]]
_CODES = (*_WARD_EVENTS, ("TUB", "TUB01", ""), ("BLD", "BLD05", ""))
_STATUS = ("closed", "verify", "implementing", "accepted")


def make(month: Month) -> dict[str, Rows]:
    """Tables adverse_event, complaint, dispute, inspection, finding, hand_hygiene, training_record, drill."""
    inspections = _inspections(month)
    return {
        "adverse_event": _events(month),
        "complaint": _complaints(month),
        "dispute": _disputes(month),
        "inspection": inspections,
        "finding": _findings(month),
        "hand_hygiene": _hands(month),
        "training_record": _training(month),
        "drill": _drills(month),
    }


def _events(month: Month) -> Rows:
    """Events of stays by day in hospital; unplanned removals come from devices."""
    rng, stays, share = month.rng("event"), month.stays, month.shared
    days = stays.days.astype(float)
    room = (stays.discharge - stays.admission).astype(np.int64) / 3600
    parts = []
    for place, (_, _, rate) in enumerate(_WARD_EVENTS):
        when = stays.admission + hours(room * rng.random(len(stays)))
        chance = month.rates.probability(rate, stays.unit, when) * days
        who = np.flatnonzero(rng.random(len(stays)) < chance * np.clip(0.4 + stays.age / 80, 0.4, 1.5))
        parts.append((who, np.full(len(who), place), when[who], np.full(len(who), -1), stays.unit[who]))
    lost = np.flatnonzero(share["dev_lost"])
    parts.append(
        (
            share["dev_stay"][lost],
            np.full(len(lost), len(_WARD_EVENTS)),
            share["dev_end"][lost],
            lost,
            share["dev_unit"][lost],
        )
    )
    stay, kind, happened, device, unit = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    told = rng.random(len(stay)) < month.rates.probability("event_reported", unit, happened)
    stay, kind, happened, device, unit = stay[told], kind[told], happened[told], device[told], unit[told]
    return _event_rows(month, rng, stay, kind, happened, device, unit)


def _event_rows(
    month: Month, rng: np.random.Generator, stay: Array, kind: Array, happened: Array, device: Array, unit: Array
) -> Rows:
    count, words = len(stay), read("words")
    grade = rng.choice(4, count, p=[0.004, 0.12, 0.62, 0.256])
    subtypes = np.array([code for _, code, _ in _CODES])[kind]
    found = happened + minutes(60 * rng.random(count))
    limit = np.array([2.0, 24.0, 72.0, 120.0])[grade]
    reported = month.rates.within(rng, "event_timely", unit, found, 1.0)
    reported = found + ((reported - found).astype(np.int64) * limit).astype("m8[s]")
    due = reported + hours(24 * np.array([60, 45, 30, 30])[grade])
    shut = month.rates.hit(rng, "event_closed_on_time", unit, reported)
    closed = np.where(
        shut, due - hours(24 * (2 + 12 * rng.random(count))), due + hours(24 * (2 + 20 * rng.random(count)))
    )
    serious = grade <= 1
    rca = serious & month.rates.hit(rng, "rca_done", unit, reported)
    fall, skin = np.char.startswith(subtypes, "FAL"), np.char.startswith(subtypes, "SKN01")
    adr = np.char.startswith(subtypes, "ADR")
    nobody = rng.random(count) < 0.2
    hour = (happened.astype(np.int64) // 3600) % 24
    merp = np.where(grade == 3, 1, np.where(grade == 2, rng.integers(2, 4, count), np.where(grade == 1, 4, 8)))
    stage = np.where(skin, rng.choice(5, count, p=[0.3, 0.52, 0.12, 0.02, 0.04]), -1)
    texts = words["event_text"]
    return {
        **month.of_stay(stay, unit),
        "event_id": month.keys("adverse_event", "AE", count),
        "category": Coded(kind, [code for code, _, _ in _CODES]),
        "subtype": Coded(kind, [code for _, code, _ in _CODES]),
        "grade": Coded(grade, list("1234")),
        "merp": Coded(np.where(subtypes == "MED05", merp, -1), list("ABCDEFGHI")),
        "legal_grade": Coded(
            np.where((grade == 0) & (rng.random(count) < 0.2), 0, -1), ("general", "major", "extra_large")
        ),
        "sac_scale": "va3",
        "sac_actual": np.array([3, 2, 1, 1])[grade],
        "sac_potential": np.clip(np.array([3, 2, 1, 1])[grade] + rng.integers(0, 2, count), 1, 3),
        "occurred_time": happened,
        "discovered_time": found,
        "reported_time": reported,
        "place": Coded(month.units.is_icu[unit].astype(int), ("ward", "icu")),
        "shift": Coded(np.where(hour < 8, 2, np.where(hour < 17, 0, 1)), ("day", "evening", "night")),
        "description": Coded(rng.integers(0, len(texts), count), texts),
        "immediate_action": "通知医师，查看患者，记录并上报。",
        "preventability": Coded(
            rng.choice(3, count, p=[0.45, 0.35, 0.2]), ("preventable", "possibly", "not_preventable")
        ),
        "anonymous": nobody,
        "reporter_role": Coded(rng.integers(0, 2, count), ("involved", "witness")),
        "patient_informed_time": only(grade <= 2, found + hours(1 + 5 * rng.random(count))),
        "fall_injury": Coded(np.where(fall, rng.choice(4, count, p=[0.55, 0.3, 0.11, 0.04]), -1), list("0123")),
        "pressure_stage": Coded(stage, ("1", "2", "3", "unstageable", "deep_tissue")),
        "present_on_admission": known(rng.random(count) < 0.25, skin),
        "device": Coded(np.where(device >= 0, month.shared["dev_kind"][device], -1), DEVICES),
        "restrained": known(rng.random(count) < 0.15, device >= 0),
        "drug_reaction_serious": known(rng.random(count) < 0.14, adr),
        "drug_reaction_new": known(rng.random(count) < 0.1, adr),
        "status": Coded(np.where(shut, 0, rng.integers(1, 4, count)), _STATUS),
        "accepted_time": reported + hours(1 + 20 * rng.random(count)),
        "analysed_time": reported + hours(24 * (1 + 5 * rng.random(count))),
        "reviewed_time": reported + hours(24 * (6 + 4 * rng.random(count))),
        "rca_required": serious,
        "rca_started_time": only(rca, reported + hours(48)),
        "rca_finished_time": only(rca, reported + hours(24 * (20 + 20 * rng.random(count)))),
        "due_time": due,
        "verified_time": only(shut, closed - hours(20)),
        "closed_time": closed,
        "feedback_time": only(~nobody, closed + hours(24)),
        "external_channel": Coded(np.where(adr, 0, np.where(serious, 1, -1)), ("drug_reaction", "national_learning")),
        "external_reported_time": only(adr | serious, reported + hours(24 * (2 + 10 * rng.random(count)))),
    }


def _somewhere(month: Month, rng: np.random.Generator, mean: float) -> tuple[Array, Array]:
    """So many things on wards and working hours of the month: unit, time."""
    count = rng.poisson(mean)
    wards = month.units.wards
    return rng.choice(wards, count), rng.choice(month.days, count).astype("M8[s]") + hours(8 + 9 * rng.random(count))


_CHANNELS = ("visit", "phone", "hotline", "online", "authority")
_SUBJECTS = ("quality", "attitude", "communication", "process", "charges", "nursing")


def _complaints(month: Month) -> Rows:
    rng, stays, words = month.rng("complaint"), month.stays, read("words")
    who = np.flatnonzero(month.hit(rng, "complaint", np.arange(len(stays))))
    count, unit = len(who), stays.unit[who]
    got = stays.discharge[who] + hours(24 * 10 * rng.random(count))
    several = rng.random(count) < 0.18
    limit = np.where(several, 14.0, 7.0) * 24
    quick = month.rates.hit(rng, "complaint_timely", unit, got)
    done = got + hours(np.where(quick, 0.75 * limit * rng.random(count) + 4, limit * (1.2 + rng.random(count))))
    topic = rng.integers(0, len(_SUBJECTS), count)
    return {
        **month.of_stay(who),
        "complaint_id": month.keys("complaint", "CP", count),
        "received_time": got,
        "channel": Coded(rng.choice(5, count, p=[0.35, 0.25, 0.25, 0.1, 0.05]), _CHANNELS),
        "category": Coded(topic, _SUBJECTS),
        "facts": Coded(rng.integers(0, len(words["complaint_text"]), count), words["complaint_text"]),
        "accepted": rng.random(count) < 0.97,
        "several_departments": several,
        "responsibility": Coded(rng.integers(0, 4, count), ("none", "slight", "secondary", "undetermined")),
        "answered_time": done - hours(2),
        "closed_time": done,
        "satisfied": rng.random(count) < 0.82,
    }


def _disputes(month: Month) -> Rows:
    rng, stays = month.rng("dispute"), month.stays
    chance = month.rates.probability("dispute", stays.unit, stays.discharge) * np.where(stays.died, 60, 1)
    who = np.flatnonzero(rng.random(len(stays)) < chance)
    count = len(who)
    opened = stays.discharge[who] + hours(24 * (5 + 50 * rng.random(count)))
    claim = np.round(rng.lognormal(11.8, 0.9, count), 2)
    return {
        **month.of_stay(who),
        "dispute_id": month.keys("dispute", "DP", count),
        "opened_time": opened,
        "way": Coded(
            rng.integers(0, 4, count), ("negotiation", "peoples_mediation", "administrative_mediation", "litigation")
        ),
        "patient_died": stays.died[who],
        "claim": claim,
        "compensation": np.round(claim * rng.beta(1.2, 5, count), 2),
        "responsibility": Coded(rng.integers(0, 4, count), ("none", "slight", "secondary", "equal")),
        "closed_time": opened + hours(24 * (20 + 80 * rng.random(count))),
    }


_ITEM_COUNT = 20


def _inspections(month: Month) -> Rows:
    """Each ward has one monthly check of twenty items, some have a special one."""
    rng, words, wards = month.rng("inspection"), read("words"), month.units.wards
    visits = np.concatenate([wards, rng.choice(wards, max(2, len(wards) // 4))])
    at = rng.choice(month.days, len(visits)).astype("M8[s]") + hours(8.5 + 8 * rng.random(len(visits)))
    visit, item = np.repeat(np.arange(len(visits)), _ITEM_COUNT), np.tile(np.arange(_ITEM_COUNT), len(visits))
    unit, when = visits[visit], at[visit]
    passed = month.rates.hit(rng, "inspection_met", unit, when)
    result = np.where(passed, 0, rng.choice([1, 2], len(unit), p=[0.7, 0.3]))
    result = np.where(rng.random(len(unit)) < 0.04, 3, result)
    ids = month.keys("inspection", "IN", len(visits))
    bad = np.flatnonzero((result == 1) | (result == 2))
    month.shared |= {"bad_visit": visit[bad], "bad_item": item[bad], "bad_unit": unit[bad], "bad_time": when[bad]}
    sheets = words["checklist"]
    return {
        "institution": month.hospital.institution,
        **month.place(unit),
        "inspection_id": Coded(visit, ids),
        "item": Coded(item, [f"{number + 1:02d}" for number in range(_ITEM_COUNT)]),
        "kind": Coded((visit >= len(wards)).astype(int), ("monthly", "special")),
        "inspected_time": when,
        "checklist": Coded(visit % len(sheets), sheets),
        "item_name": Coded(item, [f"{sheet}检查项{number}" for number in range(4) for sheet in sheets][:_ITEM_COUNT]),
        "result": Coded(result, ("met", "partly", "not_met", "not_applicable")),
        "points_lost": np.array([0.0, 2.0, 5.0, 0.0])[result],
        "max_points": np.full(len(unit), 5.0),
        "inspector": month.staff.column(
            month.staff.pick(rng, NURSE, np.full(len(unit), month.units.codes.index("6002")))
        ),
        "evidence": Coded(np.where(result > 0, 0, -1), ["现场查看"]),
    }


def _findings(month: Month) -> Rows:
    rng, share, words = month.rng("finding"), month.shared, read("words")
    unit, found = share["bad_unit"], share["bad_time"]
    count = len(unit)
    due = found + hours(24 * 15)
    done = found + hours(
        24
        * np.where(
            month.rates.hit(rng, "finding_closed_on_time", unit, found),
            4 + 10 * rng.random(count),
            16 + 15 * rng.random(count),
        )
    )
    texts = words["finding_text"]
    return {
        "institution": month.hospital.institution,
        **month.place(unit),
        "finding_id": month.keys("finding", "FD", count),
        "source": "inspection",
        "inspection_id": Coded(share["bad_visit"], month.ids["inspection"]),
        "item": Coded(share["bad_item"], [f"{number + 1:02d}" for number in range(_ITEM_COUNT)]),
        "description": Coded(rng.integers(0, len(texts), count), texts),
        "severity": Coded(rng.choice(3, count, p=[0.75, 0.2, 0.05]), ("general", "more_serious", "serious")),
        "points": np.round(1 + 4 * rng.random(count)),
        "found_time": found,
        "notified_time": found + hours(20 * rng.random(count)),
        "acknowledged_time": found + hours(20 + 20 * rng.random(count)),
        "plan_time": found + hours(24 * (2 + 2 * rng.random(count))),
        "due_time": due,
        "done_time": done,
        "verified_time": done + hours(24 * (1 + 3 * rng.random(count))),
        "effective": rng.random(count) < 0.9,
        "closed_time": done + hours(24 * (4 + rng.random(count))),
        "notice_number": 1 + (rng.random(count) < 0.08).astype(np.int64),
        "repeated": rng.random(count) < 0.12,
        "owner": month.staff.column(month.staff.pick(rng, NURSE, unit, 1)),
    }


_PEOPLE = ("doctor", "nurse", "technician", "care_worker", "student")
_GAP = np.array([-0.35, 0.25, 0.0, -0.6, -0.2])


def _hands(month: Month) -> Rows:
    """Sessions on every ward, more in intensive care; about 25 opportunities a ward and month at detail 1."""
    rng, units = month.rng("hands"), month.units
    sessions = rng.poisson(np.where(units.is_icu[units.wards], 5.0, 2.4) * min(month.hospital.detail, 1.0))
    ward = np.repeat(units.wards, sessions)
    at = rng.choice(month.days, len(ward)).astype("M8[s]") + hours(8.5 + 7 * rng.random(len(ward)))
    session, place = spread(rng.integers(8, 14, len(ward)))
    unit, when = ward[session], at[session] + minutes(2.0 * place)
    count = len(unit)
    who = rng.choice(5, count, p=[0.34, 0.46, 0.06, 0.09, 0.05])
    usual = month.rates.probability("hand_hygiene", unit, when)
    odds = usual / np.maximum(1 - usual, 1e-9) * np.exp(0 if month.hospital.smooth else _GAP[who])
    washed = rng.random(count) < odds / (1 + odds)
    moment = rng.choice(5, count, p=[0.28, 0.14, 0.12, 0.26, 0.2])
    action = np.where(washed, np.where(rng.random(count) < 0.72, 0, 1), np.where(rng.random(count) < 0.85, 2, 3))
    return {
        "institution": month.hospital.institution,
        **month.place(unit),
        "opportunity_id": month.keys("hand_hygiene", "HH", count),
        "session_id": Coded(session, month.keys("session", "HS", len(ward))),
        "observed_time": when,
        "observer": month.staff.column(month.staff.pick(rng, NURSE, np.full(count, units.codes.index("6004")))),
        "staff_category": Coded(who, _PEOPLE),
        **{f"moment_{number + 1}": moment == number for number in range(5)},
        "action": Coded(action, ("rub", "wash", "missed", "gloves_only")),
        "correct": known(month.rates.hit(rng, "hand_hygiene_correct", unit, when), washed),
        "duration_seconds": known(np.round(8 + 18 * rng.random(count)), washed),
    }


_KINDS = (
    "core_systems", "infection", "cpr", "antibacterial", "records", "transfusion", "safety", "basic_skills",
    "orientation", "appraisal",
)  # fmt: skip


def _training(month: Month) -> Rows:
    """Each ward trains its people once a month."""
    rng, staff, words = month.rng("training"), month.staff, read("words")
    people = np.flatnonzero(
        (staff.unit >= month.units.departments) & (rng.random(len(staff.unit)) < min(0.9 * month.hospital.detail, 1))
    )
    unit = staff.unit[people]
    wards = month.units.wards
    at = rng.choice(month.days, len(wards)).astype("M8[s]") + hours(15 + 2 * rng.random(len(wards)))
    kind = rng.integers(0, len(_KINDS), len(wards))
    place = unit - wards[0]
    came = month.rates.hit(rng, "training_attended", unit, at[place])
    score = np.clip(np.round(rng.normal(86, 8, len(people))), 40, 100)
    return {
        "institution": month.hospital.institution,
        "training_id": Coded(place, month.keys("training", "TN", len(wards))),
        "staff": staff.column(people),
        "department": Coded(month.units.department[unit], month.units.code_values),
        "held_time": at[place],
        "kind": Coded(kind[place], _KINDS),
        "topic": Coded(kind[place] % len(words["topics"]), words["topics"]),
        "attended": came,
        "score": known(score, came),
        "pass_score": np.full(len(people), 80.0),
        "passed": known(score >= 80, came),
    }


def _drills(month: Month) -> Rows:
    rng = month.rng("drill")
    unit, at = _somewhere(month, rng, max(2.0, len(month.units.wards) / 4))
    count = len(unit)
    return {
        "institution": month.hospital.institution,
        **month.place(unit),
        "drill_id": month.keys("drill", "DR", count),
        "held_time": at,
        "kind": Coded(rng.integers(0, 5, count), ("cpr", "fire", "anaphylaxis", "fall", "information_system")),
        "participants": rng.integers(8, 40, count),
        "score": np.clip(np.round(rng.normal(88, 5, count)), 60, 100),
        "problems": Coded(rng.integers(0, 2, count), ("呼叫流程不熟练", "物品准备不足")),
        "improved_time": only(rng.random(count) < 0.8, at + hours(24 * 10)),
    }
