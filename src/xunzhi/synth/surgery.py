"""Operations, front-page procedures and anaesthesia."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import operations
from xunzhi.synth.columns import Array, Coded, Masked, Rows, day_of, hours, known, minutes, only
from xunzhi.synth.month import Month
from xunzhi.synth.theatre import Trips, anaesthetists, make_trips, theatre_of
from xunzhi.synth.world import DOCTOR, NURSE

_REASONS = ("patient", "condition", "preparation", "staff", "equipment", "no_bed", "no_show", "anaesthesia")
_URGENCY = ("elective", "limited", "emergency")


def make(month: Month) -> dict[str, Rows]:
    """Tables procedure, operation, anaesthesia."""
    trips = make_trips(month)
    rng = month.rng("operation")
    op = np.flatnonzero(trips.theatre)
    op_ids = month.keys("operation", "OP", len(op))
    place = np.full(len(trips.stay), -1)
    place[op] = np.arange(len(op))
    month.shared |= {
        "op_stay": trips.stay[op],
        "op_kind": trips.kind[op],
        "op_start": trips.start[op],
        "op_end": trips.end[op],
        "op_return": trips.previous[op] >= 0,
        "op_cancelled": trips.cancelled[op],
        "op_urgency": trips.urgency[op],
        "trip_stay": trips.stay,
        "trip_kind": trips.kind,
        "trip_start": trips.start,
    }
    surgeon = month.staff.pick(rng, DOCTOR, month.stays.unit[trips.stay], 2)
    asa = np.clip(np.round(rng.normal(1.7 + 0.3 * (operations()["level"][trips.kind] > 2), 0.7)), 1, 5).astype(int)
    anaesthetist = anaesthetists(month, trips)
    people = (surgeon, asa, anaesthetist)
    return {
        "procedure": _procedures(month, trips, place, people),
        "operation": _operations(month, rng, trips, op, place, people),
        "anaesthesia": _anaesthesia(month, trips, op, people, op_ids),
    }


def _healing(rng: np.random.Generator, month: Month, trips: Trips) -> Array:
    """RC014: class and healing of the incision."""
    incision = operations()["incision"][trips.kind]
    festers = month.hit(rng, "class1_incision_infection", trips.stay)
    luck = rng.random(len(trips.stay))
    base = np.array([0, 1, 4, 7])[incision]
    grade = np.where(festers, 2, np.where(luck < 0.012, 1, 0))
    unknown = (luck > 0.93) & (incision > 0)
    return np.where(incision == 0, 0, np.where(unknown & ~festers, incision * 10, base + grade))


def _procedures(month: Month, trips: Trips, place: Array, people: tuple[Array, Array, Array]) -> Rows:
    rng, table = month.rng("procedure"), operations()
    keep = np.flatnonzero(~trips.cancelled)
    stay, kind = trips.stay[keep], trips.kind[keep]
    surgeon, asa, anaesthetist = (each[keep] for each in people)
    has_method = table["method"][kind] != ""
    assistants = (
        month.staff.pick(rng, DOCTOR, month.stays.unit[stay]),
        month.staff.pick(rng, DOCTOR, month.stays.unit[stay]),
    )
    cut = trips.theatre[keep]
    return {
        **month.of_stay(stay),
        "sequence": np.arange(len(stay)) - np.searchsorted(stay, stay) + 1,
        "discharge_time": month.stays.discharge[stay],
        "icd9cm3": Coded(kind, table["code"]),
        "name": Coded(kind, table["name"]),
        "category": Coded(kind, table["category"]),
        "level": Coded(np.where(cut, table["level"][kind] - 1, -1), list("1234")),
        "procedure_date": day_of(trips.start[keep]),
        "start_time": trips.start[keep],
        "end_time": trips.end[keep],
        "surgeon": month.staff.column(surgeon),
        "first_assistant": month.staff.column(np.where(cut, assistants[0], -1)),
        "second_assistant": month.staff.column(np.where(cut, assistants[1], -1)),
        "incision_healing": _code_text(np.where(cut, _healing(rng, month, trips)[keep], -1)),
        "anaesthesia_method": Coded(np.where(has_method, kind, -1), table["method"]),
        "anaesthesia_grade": Coded(np.where(has_method, asa - 1, -1), list("12345")),
        "anaesthetist": month.staff.column(np.where(has_method, anaesthetist, -1)),
        "urgency": Coded(np.where(cut, trips.urgency[keep], -1), _URGENCY),
        "minimally_invasive": table["mi"][kind],
        "national_level4": cut & (table["level"][kind] == 4),
        "operation_id": Coded(place[keep], month.ids["operation"]),
    }


def _code_text(values: Array) -> Coded:
    return Coded(np.where(values < 0, -1, values), [str(number) for number in range(41)])


def _operations(
    month: Month, rng: np.random.Generator, trips: Trips, op: Array, place: Array, people: tuple[Array, Array, Array]
) -> Rows:
    table, stays, rates = operations(), month.stays, month.rates
    stay, kind, start, end = trips.stay[op], trips.kind[op], trips.start[op], trips.end[op]
    count, unit = len(op), stays.unit[stay]
    surgeon, asa, anaesthetist = (each[op] for each in people)
    done = ~trips.cancelled[op]
    again = trips.previous[op] >= 0

    def hit(name: str) -> Array:
        return rates.hit(rng, name, unit, start, surgeon)

    level, incision = table["level"][kind], table["incision"][kind]
    theatre = theatre_of(month, unit, start, trips.urgency[op])
    order = np.lexsort((start, theatre, day_of(start)))
    slot = day_of(start)[order].astype(np.int64) * 1000 + theatre[order]
    sequence = np.empty(count, np.int64)
    sequence[order] = np.arange(count) - np.searchsorted(slot, slot) + 1
    room_in = start - minutes(25 + 20 * rng.random(count))
    scheduled = np.where(
        hit("first_case_on_time"), start - minutes(6 * rng.random(count)), start - minutes(20 + 50 * rng.random(count))
    )
    discussed = hit("preoperative_discussion") & (trips.urgency[op] < 2)
    ready = (room_in - stays.admission[stay]).astype(np.int64) / 3600
    asked = room_in - hours(np.minimum(14 + 8 * rng.random(count), np.maximum(0.5 * ready, 0)))
    earlier = stays.admission[stay] + ((asked - stays.admission[stay]) * (0.3 + 0.4 * rng.random(count))).astype(
        "m8[s]"
    )
    other = hit("planned_operation_differs")
    prevented = (incision == 1) & hit("class1_prophylaxis") | (incision > 1) & (rng.random(count) < 0.92)
    prevented &= done
    in_time = hit("prophylaxis_on_time")
    given = start - minutes(np.where(in_time, 30 + 25 * rng.random(count), -20 - 60 * rng.random(count)))
    long_cut = (end - start) > np.timedelta64(3, "h")
    to_icu = (stays.icu_unit[stay] >= 0) & (np.abs((stays.icu_in[stay] - end).astype(np.int64)) < 10 * 3600)
    day_case = stays.day_case[stay]
    substitute = month.staff.pick(rng, DOCTOR, unit, 2)
    month.shared |= {"op_discussed": discussed, "op_unit": unit, "op_prophylaxis": prevented, "op_theatre": theatre}
    nurses = np.full(count, month.units.of_kind("theatre"))
    blood = np.where(done, table["blood"][kind] * np.exp(rng.normal(0, 0.6, count)), 0).astype(int)
    month.shared["op_blood"] = blood
    return {
        **month.of_stay(stay),
        "operation_id": month.ids["operation"],
        "setting": "inpatient",
        "theatre": Coded(theatre, [f"手术间{number}" for number in range(theatre.max(initial=1) + 1)]),
        "operation_date": day_of(start),
        "scheduled_time": only(trips.urgency[op] < 2, scheduled),
        "sequence_in_theatre": sequence,
        "urgency": Coded(trips.urgency[op], _URGENCY),
        "unplanned": again | hit("unplanned_operation"),
        "day_surgery": day_case,
        "day_surgery_converted": known(day_case & hit("day_surgery_converted"), day_case),
        "icd9cm3": Coded(kind, table["code"]),
        "name": Coded(kind, table["name"]),
        "category": Coded(kind, table["category"]),
        "level": Coded(level - 1, list("1234")),
        "laterality": Coded(rng.choice(4, count, p=[0.3, 0.3, 0.05, 0.35]), ("left", "right", "both", "none")),
        "planned_icd9cm3": Coded(np.where(other, (kind + 1) % len(table), kind), table["code"]),
        "planned_name": Coded(np.where(other, (kind + 1) % len(table), kind), table["name"]),
        "surgeon": month.staff.column(surgeon),
        "planned_surgeon": month.staff.column(np.where(hit("planned_surgeon_differs"), substitute, surgeon)),
        "first_assistant": month.staff.column(month.staff.pick(rng, DOCTOR, unit)),
        "second_assistant": month.staff.column(month.staff.pick(rng, DOCTOR, unit)),
        "anaesthetist": month.staff.column(anaesthetist),
        "scrub_nurse": month.staff.column(month.staff.pick(rng, NURSE, nurses)),
        "circulating_nurse": month.staff.column(month.staff.pick(rng, NURSE, nurses)),
        "anaesthesia_method": Coded(kind, table["method"]),
        "asa": Coded(asa - 1, list("12345")),
        "incision_class": Coded(incision, list("0123")),
        "minimally_invasive": table["mi"][kind],
        "implant": table["implant"][kind],
        "restricted_technology": (level == 4) & (rng.random(count) < 0.03),
        "ordered_time": asked,
        "consent_time": only(hit("operation_consent"), earlier + (asked - earlier) // 2),
        "discussion_time": only(discussed, earlier),
        "discussion_surgeon_present": known(hit("surgeon_at_discussion"), discussed),
        "mdt_time": only((level == 4) & hit("level4_mdt"), earlier - hours(3 + 10 * rng.random(count))),
        "surgeon_preop_round_time": only(rng.random(count) < 0.95, room_in - hours(2 + 10 * rng.random(count))),
        "site_marked": rng.random(count) < 0.97,
        "room_in_time": room_in,
        "anaesthesia_start_time": only(done | (rng.random(count) < 0.1), start - minutes(18)),
        "start_time": only(done, start),
        "end_time": only(done, end),
        "room_out_time": only(done, end + minutes(10 + 20 * rng.random(count))),
        "cancelled_time": only(~done, start - minutes(5)),
        "cancel_reason": Coded(np.where(done, -1, rng.integers(0, 8, count)), _REASONS),
        "previous_operation_id": Coded(np.where(again, place[trips.previous[op]], -1), month.ids["operation"]),
        "unplanned_return": known(again, again),
        "prophylaxis_atc": Coded(np.where(prevented, 0, -1), ["J01DB04"]),
        "prophylaxis_time": only(prevented, given),
        "prophylaxis_stop_time": only(
            prevented,
            np.maximum(end, given) + hours(np.where(hit("prophylaxis_stopped_24h"), 20, 60) * rng.random(count)),
        ),
        "prophylaxis_repeat_time": only(
            prevented & long_cut & (rng.random(count) < 0.85), start + np.timedelta64(3, "h")
        ),
        "sign_in_time": only(done & hit("safety_check"), start - minutes(20)),
        "sign_in_signers": _signers(rng, done),
        "time_out_time": only(done & hit("safety_check"), start - minutes(2)),
        "time_out_signers": _signers(rng, done),
        "sign_out_time": only(done & hit("safety_check"), end),
        "sign_out_signers": _signers(rng, done),
        "count_correct": known(rng.random(count) < 0.9995, done),
        "specimen_sent": done & (rng.random(count) < 0.55),
        "blood_loss_ml": known(blood, done),
        "preop_diagnosis": Coded(stays.case[stay], month.cases["name"]),
        "postop_diagnosis": Coded(stays.case[stay], month.cases["name"]),
        "diagnosis_agrees": known(hit("preop_postop_agrees"), done),
        "destination": Coded(
            np.where(~done, -1, np.where(to_icu, 2, np.where(np.char.startswith(table["method"][kind], "01"), 0, 1))),
            ("pacu", "ward", "icu"),
        ),
        "bedside_handover": known(hit("bedside_handover"), done),
        "surgeon_postop_round_time": only(
            done & hit("surgeon_postop_round_24h"), end + hours(3 + 18 * rng.random(count))
        ),
    }


def _signers(rng: np.random.Generator, done: Array) -> Masked:
    return known(np.where(rng.random(len(done)) < 0.985, 3, 2), done)


def _anaesthesia(month: Month, trips: Trips, op: Array, people: tuple[Array, Array, Array], ids: pa.Array) -> Rows:
    rng, table, stays = month.rng("anaesthesia"), operations(), month.stays
    rows = np.flatnonzero(
        np.char.startswith(table["method"][trips.kind[op]], "0") & (table["method"][trips.kind[op]] < "03")
    )
    at = op[rows]
    stay, kind, start, end = trips.stay[at], trips.kind[at], trips.start[at], trips.end[at]
    count, unit = len(at), stays.unit[stay]
    done = ~trips.cancelled[at]
    begun = done | (rng.random(count) < 0.1)
    method = table["method"][kind]
    general = np.char.startswith(method, "01")
    tube = general & (method == "0103")
    regional = np.char.startswith(method, "02")

    def hit(name: str) -> Array:
        return month.rates.hit(rng, name, unit, start)

    monitored = hit("temperature_monitored") & begun
    warm = hit("warmed")
    coldest = np.where(hit("hypothermia"), 35.0 + 0.95 * rng.random(count), 36.05 + 0.9 * rng.random(count))
    pacu = done & general & ~((stays.icu_unit[stay] >= 0) & (rng.random(count) < 0.8))
    out_of_tube = end + minutes(5 + 30 * rng.random(count))
    pacu_in = end + minutes(8 + 8 * rng.random(count))
    pacu_stay = np.where(hit("pacu_delay"), 125 + 90 * rng.random(count), 30 + 75 * rng.beta(2, 3, count))
    again = done & tube & hit("reintubation")
    cared = done & (rng.random(count) < 0.62)
    month.shared |= {"ane_stay": stay, "ane_start": start, "ane_end": end, "ane_tube": tube & done}
    return {
        **month.of_stay(stay),
        "anaesthesia_id": month.keys("anaesthesia", "AN", count),
        "operation_id": Coded(rows, ids),
        "anaesthesia_date": day_of(start),
        "outside_theatre": (method == "0102") | (rng.random(count) < 0.03),
        "urgency": Coded(trips.urgency[at], _URGENCY),
        "method": Coded(kind, table["method"]),
        "asa": Coded(people[1][at] - 1, list("12345")),
        "anaesthetist": month.staff.column(people[2][at]),
        "second_anaesthetist": month.staff.column(
            month.staff.pick(rng, DOCTOR, np.full(count, month.units.of_kind("anaesthesia")))
        ),
        "previsit_time": only(
            hit("anaesthesia_previsit"), np.maximum(start - hours(14 + 6 * rng.random(count)), stays.admission[stay])
        ),
        "consent_time": np.maximum(start - hours(13.5), stays.admission[stay]),
        "room_in_time": start - minutes(32),
        "start_time": only(begun, start - minutes(18)),
        "end_time": only(done, end + minutes(5)),
        "cancelled_time": only(~done, start - np.where(begun, np.timedelta64(600, "s"), np.timedelta64(1500, "s"))),
        "postvisit_time": only(done & (rng.random(count) < 0.93), end + hours(16 + 20 * rng.random(count))),
        "temperature_monitored": monitored,
        "warmed": warm & begun,
        "minimum_temperature": known(np.round(coldest, 1), monitored),
        "autologous_ml": known(
            np.round(150 + 400 * rng.random(count)), done & (month.shared["op_blood"][rows] > 300) & hit("autologous")
        ),
        "intubated": tube & begun,
        "extubation_time": only(tube & done, out_of_tube),
        "reintubation_time": only(again, out_of_tube + hours(0.3 + 5 * rng.random(count))),
        "reintubation_unplanned": known(again, tube & done),
        "pacu_in_time": only(pacu, pacu_in),
        "pacu_out_time": only(pacu, pacu_in + minutes(pacu_stay)),
        "pacu_temperature": known(
            np.round(
                np.where(hit("pacu_hypothermia"), 35.2 + 0.75 * rng.random(count), 36.1 + 0.8 * rng.random(count)), 1
            ),
            pacu,
        ),
        "pacu_aldrete": known(rng.choice([8, 9, 10], count, p=[0.05, 0.45, 0.5]), pacu),
        "unplanned_icu": done & hit("unplanned_icu_after_anaesthesia"),
        "dental_injury": tube & hit("dental_injury"),
        "aspiration": hit("aspiration"),
        "unplanned_airway": ~tube & hit("unplanned_airway"),
        "cardiac_arrest": hit("intraoperative_arrest"),
        "anaphylaxis": hit("anaesthesia_anaphylaxis"),
        "awareness": general & hit("awareness"),
        "regional_block": regional,
        "neurologic_injury": regional & hit("neurologic_injury"),
        "hoarseness": tube & hit("hoarseness"),
        "new_coma": hit("new_coma"),
        "analgesia": cared,
        "analgesia_pain_score": known(
            np.where(hit("analgesia_good"), rng.integers(0, 4, count), rng.integers(4, 8, count)), cared
        ),
    }
