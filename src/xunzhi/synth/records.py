"""Documents with their times and texts, record reviews, consultations and discussions."""

from __future__ import annotations

from functools import cache

import numpy as np

from xunzhi.synth.catalog import read
from xunzhi.synth.columns import NEVER, Array, Coded, Rows, hours, known, minutes, only, spread
from xunzhi.synth.month import Month
from xunzhi.synth.scenario import CopiedNotes, time
from xunzhi.synth.world import DOCTOR, PHARMACIST, is_working

_DOCUMENTS: dict[str, str] = read("words")["documents"]
TYPES, _TITLES = tuple(_DOCUMENTS), tuple(_DOCUMENTS.values())
_PLACE = {name: place for place, name in enumerate(TYPES)}
_DAILY = ("progress_note", "attending_round", "senior_round")
_TEXTS = 4096


@cache
def texts(seed: int) -> list[str]:
    """A stock of short daily notes; which note has which text is drawn later."""
    rng = np.random.default_rng(seed)
    parts = [read("words")["sentences"][name] for name in ("symptom", "sign", "finding", "plan")]
    picks = [rng.integers(0, len(part), _TEXTS) for part in parts]
    return ["，".join(part[p[n]] for part, p in zip(parts, picks, strict=True)) + "。" for n in range(_TEXTS)]


def make(month: Month) -> dict[str, Rows]:
    """Tables consultation, case_discussion, document, record_review."""
    consultations = _consultations(month)
    return {
        "consultation": consultations,
        "case_discussion": _discussions(month),
        "document": _documents(month),
        "record_review": _reviews(month),
    }


Part = tuple[Array, str, Array, Array, Array]  # stay, type, event, signed, operation


def _parts(month: Month, rng: np.random.Generator) -> list[Part]:
    stays, share, rates = month.stays, month.shared, month.rates
    everyone = np.arange(len(stays))
    came, left = stays.admission, stays.discharge
    none = np.full(len(stays), -1)
    parts: list[Part] = [
        (everyone, "admission_note", came, rates.within(rng, "admission_note_24h", stays.unit, came, 24), none),
        (everyone, "first_progress_note", came, rates.within(rng, "first_progress_note_8h", stays.unit, came, 8), none),
    ]
    note = rates.within(rng, "discharge_note_24h", stays.unit, left - np.timedelta64(2, "h"), 26)
    for name, who in (("discharge_note", ~stays.died), ("death_note", stays.died)):
        parts.append((everyone[who], name, left[who], note[who], none[who]))
    days = stays.days
    for name, mean in (
        ("progress_note", days / 3.4),
        ("attending_round", days / 7.0),
        ("senior_round", 0.25 + days / 11.0),
    ):
        stay, place = spread(month.count(rng, mean, len(stays)))
        room = (left[stay] - came[stay]).astype(np.int64) / 3600
        event = came[stay] + hours(
            room * (place + rng.random(len(stay))) / (np.bincount(stay, minlength=len(stays))[stay] + 0.2)
        )
        parts.append(
            (
                stay,
                name,
                event,
                rates.within(rng, "daily_note_24h", stays.unit[stay], event, 24),
                np.full(len(stay), -1),
            )
        )
    parts += _operation_parts(month, rng)
    for name, stay, end, rate, limit in (
        ("rescue_note", share["rescue_stay"], share["rescue_end"], "rescue_note_6h", 6.0),
        (
            "transfusion_consent",
            share["blood_stay"],
            share["blood_start"] - np.timedelta64(4, "h"),
            "daily_note_24h",
            3.0,
        ),
        (
            "transfusion_evaluation",
            share["blood_stay"][share["blood_ok"]],
            share["blood_end"][share["blood_ok"]],
            "daily_note_24h",
            24.0,
        ),
        (
            "critical_value_note",
            share["critical_stay"][share["critical_told"]],
            share["critical_done"][share["critical_told"]],
            "daily_note_24h",
            6.0,
        ),
        ("consultation_note", share["consult_stay"], share["consult_end"], "daily_note_24h", 12.0),
    ):
        parts.append((stay, name, end, rates.within(rng, rate, stays.unit[stay], end, limit), np.full(len(stay), -1)))
    cancer = everyone[np.char.startswith(month.cases["icd10"][stays.case], "C")]
    staged = cancer[month.hit(rng, "tnm_staged", cancer)]
    cared = everyone[month.hit(rng, "pharmaceutical_care", everyone)]
    for name, who in (("tnm_staging", staged), ("pharmaceutical_care", cared)):
        event = came[who] + hours(2 + 6 * rng.random(len(who)))
        parts.append((who, name, event, event + minutes(30), np.full(len(who), -1)))
    return parts


def _operation_parts(month: Month, rng: np.random.Generator) -> list[Part]:
    stays, share = month.stays, month.shared
    op = np.flatnonzero(~share["op_cancelled"])
    stay, start, end = share["op_stay"][op], share["op_start"][op], share["op_end"][op]
    unit = stays.unit[stay]
    note = month.rates.within(rng, "operation_note_24h", unit, end, 24)
    parts: list[Part] = [(stay, "operation_note", end, note, op)]
    for name, keep, event in (
        ("operation_consent", rng.random(len(op)) < 0.99, start - np.timedelta64(14, "h")),
        ("preoperative_discussion", share["op_discussed"][op], start - np.timedelta64(16, "h")),
        ("postoperative_first_note", rng.random(len(op)) < 0.97, end),
        ("anaesthesia_record", rng.random(len(op)) < min(0.6 * month.hospital.detail, 1), end),
        ("safety_checklist", rng.random(len(op)) < min(0.6 * month.hospital.detail, 1), end),
    ):
        signed = event + minutes(10 + 60 * rng.random(len(op)))
        parts.append((stay[keep], name, event[keep], signed[keep], op[keep]))
    return parts


def _documents(month: Month) -> Rows:
    rng, stays = month.rng("document"), month.stays
    parts = _parts(month, rng)
    kind = np.concatenate([np.full(len(stay), _PLACE[name]) for stay, name, *_ in parts])
    stay, event, signed, op = (np.concatenate([part[place] for part in parts]) for place in (0, 2, 3, 4))
    order = np.lexsort((event, kind, stay))
    kind, stay, event, signed, op = kind[order], stay[order], event[order], signed[order], op[order]
    event = np.maximum(event, stays.admission[stay])
    signed = np.maximum(signed, event + np.timedelta64(60, "s"))
    signed = np.where(rng.random(len(kind)) < 0.002, NEVER, signed)
    count, unit = len(kind), stays.unit[stay]
    senior = kind == _PLACE["senior_round"]
    author = np.where(senior, stays.doctor[stay], stays.resident[stay])
    by_pharmacist = kind == _PLACE["pharmaceutical_care"]
    pharmacists = month.staff.pick(rng, PHARMACIST, np.full(count, month.units.of_kind("pharmacy")))
    created = event + (np.where(np.isnat(signed), event, signed) - event) * 7 // 10
    consent = np.isin(kind, (_PLACE["operation_consent"], _PLACE["transfusion_consent"]))
    cosigned = (rng.random(count) < 0.8) & ~by_pharmacist & ~np.isnat(signed)
    return {
        **month.of_stay(stay),
        "document_id": month.keys("document", "DC", count),
        "document_type": Coded(kind, TYPES),
        "title": Coded(kind, _TITLES),
        "event_time": event,
        "created_time": created,
        "signed_time": signed,
        "author": month.staff.column(np.where(by_pharmacist, pharmacists, author)),
        "cosigned_time": only(cosigned, signed + hours(0.2 + 18 * rng.random(count))),
        "cosigner": month.staff.column(np.where(cosigned, stays.doctor[stay], -1)),
        "patient_signed_time": only(consent & month.rates.hit(rng, "patient_signed", unit, event), event + minutes(10)),
        "patient_signer": Coded(np.where(consent, rng.integers(0, 3, count), -1), list("012")),
        "archived_time": stays.discharge[stay] + np.timedelta64(60, "h"),
        "about_id": Coded(op, month.ids["operation"]),
        "version": 1 + (rng.random(count) < 0.15).astype(np.int64),
        "voided": rng.random(count) < 0.0008,
        "text": _text(month, rng, kind, stay, event),
    }


def _text(month: Month, rng: np.random.Generator, kind: Array, stay: Array, event: Array) -> Coded:
    """Daily notes draw from the stock, copied ones repeat the note before; other documents name their case."""
    stock = texts(month.hospital.seed)
    names = month.cases["name"]
    others = [f"{title}：{name}。" for title in _TITLES for name in names]
    index = len(stock) + kind * len(names) + month.stays.case[stay]
    daily = np.isin(kind, [_PLACE[name] for name in _DAILY])
    index = np.where(daily, rng.integers(0, len(stock), len(kind)), index)
    copied = daily & (rng.random(len(kind)) < _copy_share(month, month.stays.unit[stay], event))
    same = np.append(False, (stay[1:] == stay[:-1]) & daily[:-1])
    source = np.maximum.accumulate(np.where(copied & same, 0, np.arange(len(kind))))
    return Coded(index[source], stock + others)


def _copy_share(month: Month, unit: Array, event: Array) -> Array:
    share = month.rates.probability("copied_note", unit, event)
    for fault in month.hospital.scenario.faults if month.hospital.scenario else ():
        if isinstance(fault, CopiedNotes):
            where = month.units.named(fault.department) if fault.department else np.arange(len(month.units.codes))
            inside = np.isin(unit, where) & (event >= time(fault.start)) & (event < time(fault.until))
            share = np.where(inside, fault.share, share)
    return share


_REVIEWED = {
    "archive_complete": "archive_complete", "principal_diagnosis_stated": "main_diagnosis_stated",
    "principal_diagnosis_coded": "main_diagnosis_coded", "rounds_ok": "rounds_complete",
    "senior_round_ok": "senior_round_ok", "consent_ok": "consent_ok",
    "admission_discharge_agrees": "admission_diagnosis_agrees",
}  # fmt: skip


def _reviews(month: Month) -> Rows:
    """Final reviews of a share of discharges (at detail 1: all), running reviews and drug-order audits of fewer."""
    rng, stays, share = month.rng("review"), month.stays, month.shared
    everyone = np.arange(len(stays))
    final = everyone[rng.random(len(stays)) < min(0.35 * month.hospital.detail, 1.0)]
    running = everyone[rng.random(len(stays)) < 0.06]
    audit = everyone[rng.random(len(stays)) < month.rates.probability("orders_audited", stays.unit, stays.discharge)]
    stay = np.concatenate([final, running, audit])
    kind = np.repeat([0, 1, 2], [len(final), len(running), len(audit)])
    count, unit, left = len(stay), stays.unit[stay], stays.discharge[stay]
    notes = kind < 2

    def hit(name: str) -> Array:
        return month.rates.hit(rng, name, unit, left)

    def has(rows: Array) -> Array:
        found = np.zeros(len(stays), bool)
        found[rows] = True
        return np.asarray(found[stay] & notes)

    good = hit("grade_a_record")
    score = np.where(good, 90 + 9.5 * rng.beta(2, 2, count), 76 + 13.5 * rng.random(count))
    operated = has(share["op_stay"][~share["op_cancelled"]])
    icd = month.cases["icd10"][stays.case[stay]]
    reviewed = np.where(
        kind == 1,
        stays.admission[stay] + (left - stays.admission[stay]) // 2,
        left + hours(24 * (3 + 9 * rng.random(count))),
    )
    conditional = {
        "principal_procedure_stated": (operated, "main_procedure_stated"),
        "principal_procedure_coded": (operated, "main_procedure_coded"),
        "operation_records_ok": (operated, "operation_records_ok"),
        "preop_postop_agrees": (operated, "preop_postop_agrees"),
        "clinical_pathology_agrees": (operated & (rng.random(count) < 0.5), "clinical_pathology_agrees"),
        "implant_ok": (operated & (rng.random(count) < 0.4), "implant_record_ok"),
        "transfusion_ok": (has(share["blood_stay"]), "transfusion_record_ok"),
        "ct_mri_ok": (notes & (rng.random(count) < 0.55), "ct_mri_record_ok"),
        "pathology_ok": (operated & (rng.random(count) < 0.5), "pathology_record_ok"),
        "culture_ok": (has(share["abx_treated"]), "culture_record_ok"),
        "antibacterial_ok": (has(share["abx_stay"]), "antibacterial_record_ok"),
        "chemotherapy_ok": ((icd == "Z51.1") & notes, "chemotherapy_record_ok"),
        "radiotherapy_ok": ((icd == "Z51.0") & notes, "radiotherapy_record_ok"),
        "drug_orders_ok": (kind == 2, "drug_orders_ok"),
    }
    copied = month.rates.probability("copied_record", unit, left) + 0.75 * (_copy_share(month, unit, left) > 0.2)
    return {
        **month.of_stay(stay),
        "review_id": month.keys("record_review", "RV", count),
        "kind": Coded(kind, ("final", "running", "drug_orders")),
        "discharge_time": left,
        "reviewed_time": reviewed,
        "reviewer": month.staff.column(month.staff.pick(rng, DOCTOR, np.full(count, month.units.codes.index("6002")))),
        "score": known(np.round(score, 1), notes),
        "grade": Coded(np.where(notes, np.where(score >= 90, 0, np.where(score >= 78, 1, 2)), -1), list("123")),
        "copied": known(rng.random(count) < copied, notes),
        **{column: known(hit(name), notes) for column, name in _REVIEWED.items()},
        **{column: known(hit(name), where) for column, (where, name) in conditional.items()},
    }


def _consultations(month: Month) -> Rows:
    rng, stays, share = month.rng("consultation"), month.stays, month.shared
    asked, _ = spread(month.count(rng, 0.30, len(stays)))
    special = share["abx_consult_stay"]
    stay = np.concatenate([asked, special])
    anti = np.arange(len(stay)) >= len(asked)
    count, unit = len(stay), stays.unit[stay]
    urgent = ~anti & (rng.random(count) < 0.16)
    team = ~anti & ~urgent & (rng.random(count) < 0.05)
    kind = np.where(anti, 4, np.where(urgent, 1, np.where(team, 2, 0)))
    room = np.maximum((stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600 - 12, 1)
    when = stays.admission[stay] + hours(1 + room * rng.random(count))
    when[anti] = share["abx_consult_time"] - minutes(100)
    when = np.maximum(when, stays.admission[stay] + np.timedelta64(5, "m"))
    soon = month.rates.within(rng, "stat_consultation_10min", unit, when, 10 / 60)
    routine = month.rates.within(rng, "consultation_24h", unit, when, 24)
    done = np.where(urgent, soon + minutes(15 + 15 * rng.random(count)), np.where(anti, when + minutes(80), routine))
    arrived = np.where(urgent, soon, done - minutes(25))
    ordered = np.where(
        urgent, month.rates.within(rng, "stat_consultation_order_40min", unit, when, 40 / 60),
        np.where(month.rates.hit(rng, "consultation_effective", unit, when), done + minutes(20), NEVER),
    )  # fmt: skip
    clinical = np.arange(len(read("departments")["clinical"]))
    clinical = clinical[clinical < month.units.departments]
    clinical = clinical[month.units.beds[clinical] > 0]
    other = rng.choice(clinical, count)
    month.shared |= {"consult_stay": stay, "consult_end": done}
    ids = month.keys("consultation", "CO", len(asked)).to_pylist() + month.ids["antibacterial_consultation"].to_pylist()
    return {
        **month.of_stay(stay),
        "consultation_id": Coded(np.arange(count), ids),
        "kind": Coded(kind, ("routine", "urgent", "multidisciplinary", "external", "antibacterial")),
        "purpose": "协助诊治",
        "requested_time": when,
        "requester": month.staff.column(stays.resident[stay]),
        "consulted_department": Coded(other, month.units.code_values),
        "consultant": month.staff.column(month.staff.pick(rng, DOCTOR, _ward_of(month, other), 2)),
        "consultant_title": Coded(rng.choice(3, count, p=[0.2, 0.4, 0.4]), list("123")),
        "arrived_time": arrived,
        "finished_time": done,
        "signed_time": done,
        "order_time": ordered,
        "opinion": "同意目前诊断，建议完善检查并调整治疗方案。",
    }


def _ward_of(month: Month, department: Array) -> Array:
    """The first ward of each department."""
    wards = month.units.wards
    owner = month.units.department[wards]
    return np.asarray(wards[np.searchsorted(owner, department)])


_REASONS = (
    "unclear_diagnosis",
    "unplanned_readmission",
    "unplanned_operation",
    "high_cost",
    "severe_complication",
    "long_stay",
    "death",
)
_CHAIRS = ("department_head", "deputy_head", "senior_doctor", "medical_affairs")


def _discussions(month: Month) -> Rows:
    rng, stays, share = month.rng("discussion"), month.stays, month.shared
    everyone = np.arange(len(stays))
    back = np.flatnonzero(stays.previous >= 0)
    again = share["op_stay"][share["op_return"]]
    dead = np.flatnonzero(stays.died)
    dear = np.flatnonzero((month.cases["cost"][stays.case].astype(float) > 80_000) & (stays.days > 14))
    odd = everyone[rng.random(len(stays)) < 0.012]
    parts = [(back, 1), (again, 2), (dear, 3), (odd, 0)]
    stay = np.concatenate([who[month.hit(rng, "difficult_case_discussed", who)] for who, _ in parts] + [dead])
    kept = np.repeat([True, False], [len(stay) - len(dead), len(dead)])
    lookup = {1: back, 2: again, 3: dear}
    reason = np.where(kept, np.select([np.isin(stay, lookup[r]) for r in (1, 2, 3)], [1, 2, 3], 0), 6)
    count, unit = len(stay), stays.unit[stay]
    prompt = month.rates.hit(rng, "death_discussion_5wd", unit, stays.discharge[stay])
    after = working_days_after(
        month, stays.discharge[stay], np.where(prompt, 1 + rng.integers(0, 4, count), 6 + rng.integers(0, 5, count))
    )
    middle = stays.admission[stay] + (stays.discharge[stay] - stays.admission[stay]) // 2
    held = np.where(kept, middle, after + hours(9 + 7 * rng.random(count)))
    chair = np.where(month.rates.hit(rng, "death_discussion_chaired", unit, held), 0, rng.integers(1, 3, count))
    written = month.rates.hit(rng, "discussion_recorded", unit, held)
    return {
        **month.of_stay(stay),
        "discussion_id": month.keys("discussion", "CD", count),
        "kind": Coded(np.where(kept, 0, 1), ("difficult", "death")),
        "reason": Coded(reason, _REASONS),
        "held_time": held,
        "chair": month.staff.column(month.staff.pick(rng, DOCTOR, unit, 0)),
        "chair_role": Coded(chair, _CHAIRS),
        "hospital_level": ~kept & (rng.random(count) < 0.12),
        "attendees": rng.integers(5, 14, count),
        "senior_attendees": rng.integers(1, 5, count),
        "disciplines": rng.integers(1, 4, count),
        "conclusion": "结论已形成，按讨论意见执行。",
        "signed_time": held + hours(2 + 20 * rng.random(count)),
        "conclusion_recorded_time": only(written, held + hours(4 + 20 * rng.random(count))),
    }


def working_days_after(month: Month, times: Array, days: Array) -> Array:
    """Midnight of the nth Chinese working day after each time."""
    span = np.arange(month.first - 40, month.first + 75)
    free = np.array([day for day in span if not is_working(day.astype(object))[0]], "M8[D]")
    shifted = np.busday_offset(times.astype("M8[D]"), days, roll="backward", weekmask="1111111", holidays=free)
    return np.asarray(shifted.astype("M8[s]"))
