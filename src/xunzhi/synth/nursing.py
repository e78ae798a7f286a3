"""Nursing assessments, births, surveys of discharged patients and follow-up."""

from __future__ import annotations

import numpy as np

from xunzhi.synth.catalog import operations, read
from xunzhi.synth.columns import Array, Coded, Rows, day_of, hours, known, minutes, only, spread
from xunzhi.synth.month import Month
from xunzhi.synth.world import NURSE

SCALES = ("morse", "braden", "nrs_pain", "nrs2002", "barthel", "caprini", "padua", "tube")
_RISKS = ("low", "medium", "high", "very_high")
_TOP = np.array([125, 23, 10, 7, 100, 20, 15, 20])


def make(month: Month) -> dict[str, Rows]:
    """Tables nursing_assessment, delivery, newborn, survey_answer, follow_up."""
    deliveries, newborns = _births(month)
    return {
        "nursing_assessment": _assessments(month),
        "delivery": deliveries,
        "newborn": newborns,
        "survey_answer": _surveys(month),
        "follow_up": _follow_ups(month),
    }


def _assessments(month: Month) -> Rows:
    """VTE for most stays; falls, pressure, pain, nutrition at admission; some again later."""
    rng, stays, units = month.rng("assessment"), month.stays, month.units
    everyone = np.arange(len(stays))
    came = stays.admission + np.timedelta64(25, "m")
    surgical = units.surgical[stays.unit]
    adult = stays.age > 14
    parts: list[tuple[Array, Array, Array, Array]] = []
    for scale, rate in ((0, "fall_assessed_8h"), (2, "pain_assessed_8h")):
        at = month.rates.within(rng, rate, stays.unit, came, 8)
        parts.append((everyone, np.full(len(stays), scale), at, np.zeros(len(stays), int)))
    screened = everyone[adult & month.hit(rng, "nutrition_screened", everyone)]
    vte = everyone[month.hit(rng, "vte_assessed", everyone)]
    for stay, kind in ((screened, np.full(len(screened), 3)), (vte, np.where(surgical[vte], 5, 6))):
        parts.append((stay, kind, came[stay] + hours(1 + 20 * rng.random(len(stay))), np.zeros(len(stay), int)))
    more, _ = spread(month.count(rng, 0.7, len(stays)))
    room = (stays.discharge[more] - came[more]).astype(np.int64) / 3600
    parts.append(
        (
            more,
            rng.choice([0, 1, 4, 7], len(more)),
            came[more] + hours(np.maximum(room - 1, 0.2) * rng.random(len(more))),
            rng.choice([2, 3, 4], len(more)),
        )
    )
    stay, kind, at, reason = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    count, unit = len(stay), stays.unit[stay]
    frail = np.clip(stays.age[stay] / 90, 0, 1) * 0.5 + 0.5 * rng.random(count)
    risk = np.where(frail > 0.86, 2, np.where(frail > 0.6, 1, 0))
    high = np.isin(kind, (5, 6)) & (risk >= 1)
    share = np.where(kind == 1, 1 - 0.5 * frail, np.where(kind == 4, 1 - 0.6 * frail, 0.7 * frail))
    cared = high & month.rates.hit(rng, "vte_prevented", unit, at) | ~high & (rng.random(count) < 0.9)
    return {
        **month.of_stay(stay),
        "assessment_id": month.keys("assessment", "NA", count),
        "scale": Coded(kind, SCALES),
        "scale_version": "院内2024版",
        "reason": Coded(reason, ("admission", "transfer", "postoperative", "change", "routine")),
        "assessed_time": at,
        "assessor": month.staff.column(month.staff.pick(rng, NURSE, unit)),
        "score": np.round(share * _TOP[kind]),
        "risk": Coded(risk, _RISKS),
        "measures_time": only(cared & (risk > 0), at + minutes(30 + 60 * rng.random(count))),
        "measures_ok": known(cared, risk > 0),
    }


def _births(month: Month) -> tuple[Rows, Rows]:
    rng, stays = month.rng("birth"), month.stays
    icd = month.cases["icd10"][stays.case]
    stay = np.flatnonzero(np.isin(icd, ("O80.0", "O82.0", "O14.1")) & (stays.days >= 1))
    count, unit = len(stay), stays.unit[stay]
    cut = icd[stay] == "O82.0"
    room = (stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600
    born = stays.admission[stay] + hours(np.minimum(3 + 20 * rng.random(count), room * 0.5))
    week = np.where(icd[stay] == "O14.1", rng.normal(35.5, 2, count), rng.normal(39.1, 1.15, count)).clip(28, 41.8)
    first = rng.random(count) < np.where(cut, 0.46, 0.62)
    help_ = ~cut & (rng.random(count) < 0.03)
    bleeding = month.rates.hit(rng, "postpartum_bleeding", unit, born)
    loss = np.where(
        cut,
        np.where(bleeding, 1050 + 500 * rng.random(count), 280 + 300 * rng.random(count)),
        np.where(bleeding, 520 + 600 * rng.random(count), 140 + 220 * rng.random(count)),
    )
    twins = rng.random(count) < 0.016
    ids = month.keys("delivery", "DL", count)
    deliveries: Rows = {
        **month.of_stay(stay),
        "delivery_id": ids,
        "delivery_time": born,
        "gestational_weeks": np.round(week, 1),
        "nulliparous": first,
        "fetuses": 1 + twins.astype(np.int64),
        "presentation": Coded(rng.choice(3, count, p=[0.962, 0.034, 0.004]), ("cephalic", "breech", "transverse")),
        "mode": Coded(np.where(cut, 2, help_.astype(int)), ("vaginal", "instrumental", "caesarean")),
        "neuraxial_analgesia": ~cut & month.rates.hit(rng, "labour_analgesia", unit, born),
        "blood_loss_24h_ml": np.round(loss),
    }
    mother, place = spread(1 + twins.astype(np.int64))
    babies, wards = len(mother), unit[mother]
    weak = month.rates.hit(rng, "apgar_low", wards, born[mother])
    newborns: Rows = {
        **month.of_stay(stay[mother]),
        "newborn_id": month.keys("newborn", "NB", babies),
        "delivery_id": Coded(mother, ids),
        "patient_id": Coded(np.arange(babies), month.keys("baby", "B", babies)),
        "birth_time": born[mother] + minutes(12.0 * place),
        "sex": Coded(rng.integers(0, 2, babies), list("12")),
        "gestational_weeks": np.round(week[mother], 1),
        "weight": np.round(3300 - 140 * (39.2 - week[mother]) + rng.normal(0, 330, babies))
        .clip(700, 5000)
        .astype(np.int64),
        "live": rng.random(babies) < 0.9975,
        "apgar_1min": np.where(weak, rng.integers(3, 7, babies), rng.integers(8, 11, babies)),
        "apgar_5min": np.where(weak, rng.integers(4, 7, babies), rng.integers(9, 11, babies)),
    }
    return deliveries, newborns


_QUESTIONS: list[str] = read("words")["questions"]


def _surveys(month: Month) -> Rows:
    """A sample of discharged patients, and of outpatients, emergency patients and staff, answers seven questions."""
    rng, stays = month.rng("survey"), month.stays
    who = np.flatnonzero(~stays.died & (rng.random(len(stays)) < 0.06))
    extra = max(30, len(stays) // 25)
    clinic, desk, some = month.units.of_kind("outpatient"), month.units.of_kind("emergency"), extra // 3
    other = [np.full(extra, clinic), np.full(some, desk), rng.choice(month.units.wards, some)]
    unit = np.concatenate([stays.unit[who], *other])
    kind = np.repeat([0, 1, 2, 3], [len(who), extra, some, some])
    rest = extra + 2 * some
    at = rng.choice(month.days, rest).astype("M8[s]") + hours(8 + 9 * rng.random(rest))
    when = np.concatenate([stays.discharge[who] + hours(24 * (1 + 6 * rng.random(len(who)))), at])
    sheets, many = len(unit), len(_QUESTIONS)
    sheet, question = np.repeat(np.arange(sheets), many), np.tile(np.arange(many), sheets)
    mood = rng.normal(0, 0.7, sheets)[sheet]
    glad = month.rates.probability("satisfied", unit[sheet], when[sheet])
    odds = np.log(glad / (1 - glad)) + mood
    top = rng.random(len(sheet)) < 1 / (1 + np.exp(-odds))
    recommend = question == many - 1
    score = np.where(
        recommend,
        np.where(top, rng.integers(9, 11, len(sheet)), rng.integers(4, 9, len(sheet))),
        np.where(top, 5, rng.integers(2, 5, len(sheet))),
    )
    skipped = rng.random(len(sheet)) < 0.03
    return {
        "institution": month.hospital.institution,
        "questionnaire_id": Coded(sheet, month.keys("survey", "SV", sheets)),
        "question": Coded(question, [f"Q{number + 1}" if number < many - 1 else "nps" for number in range(many)]),
        "survey": Coded(kind[sheet], ("inpatient", "outpatient", "emergency", "staff")),
        **month.place(unit[sheet]),
        "answered_time": when[sheet],
        "dimension": Coded(question, _QUESTIONS),
        "score": known(score.astype(float), ~skipped),
        "max_score": np.where(recommend, 10.0, 5.0),
        "top_box": known(top, ~skipped),
        "not_applicable": skipped,
        "valid": (rng.random(sheets) < 0.97)[sheet],
        "channel": Coded((kind[sheet] == 0).astype(int), ("扫码", "短信")),
    }


def _follow_ups(month: Month) -> Rows:
    rng, stays, share = month.rng("follow"), month.stays, month.shared
    alive = ~stays.died
    icd = month.cases["icd10"][stays.case]
    general = np.flatnonzero(alive & (rng.random(len(stays)) < min(0.8 * month.hospital.detail, 1)))
    cancer = np.flatnonzero(alive & np.char.startswith(icd, "C"))
    level4 = np.unique(share["op_stay"][~share["op_cancelled"] & (_levels(share["op_kind"]) == 4)])
    level4 = level4[alive[level4]]
    day_case = np.flatnonzero(stays.day_case & alive)
    parts = (general, level4, cancer, day_case)
    stay = np.concatenate(parts)
    kind = np.repeat(np.arange(4), [len(part) for part in parts])
    count, unit = len(stay), stays.unit[stay]
    due = day_of(stays.discharge[stay]) + np.array([14, 30, 90, 2])[kind]
    done = month.rates.hit(rng, "follow_up_done", unit, due.astype("M8[s]"))
    reached = done & (rng.random(count) < 0.92)
    return {
        **month.of_stay(stay),
        "follow_up_id": month.keys("follow_up", "FU", count),
        "kind": Coded(kind, ("discharge", "level4_surgery", "cancer", "day_surgery")),
        "due_date": due,
        "done_time": only(
            done,
            (due - np.where(kind == 3, 0, rng.integers(0, 9, count))).astype("M8[s]")
            + hours(9 + 8 * rng.random(count)),
        ),
        "method": Coded(np.where(done, rng.choice(3, count, p=[0.7, 0.2, 0.1]), -1), ("phone", "visit", "online")),
        "reached": known(reached, done),
        "alive": known(np.where(kind == 2, rng.random(count) < 0.98, rng.random(count) < 0.999), reached),
        "result": Coded(np.where(reached, rng.integers(0, 2, count), -1), ("恢复良好", "症状稳定，嘱复诊")),
    }


def _levels(kind: Array) -> Array:
    return np.asarray(operations()["level"][kind])
