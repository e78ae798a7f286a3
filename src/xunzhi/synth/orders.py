"""Inpatient orders and drug administrations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xunzhi.synth.catalog import Columns, drugs
from xunzhi.synth.columns import Array, Coded, Masked, Rows, hours, known, minutes, only, spread
from xunzhi.synth.month import Month

CATEGORIES = (
    "drug",
    "care_level",
    "laboratory",
    "imaging",
    "treatment",
    "diet",
    "nursing",
    "rehabilitation",
    "chemotherapy",
    "consultation",
)
_ITEMS = ("", "护理级别", "检验申请", "检查申请", "治疗", "饮食", "护理常规", "康复训练", "化疗方案", "会诊申请")
_REVIEWS = ("passed", "changed", "kept", "refused")
_FREQUENCY = ("qd", "bid", "tid", "q8h", "q12h", "st")


@dataclass(frozen=True)
class Orders:
    """Orders before they become rows. `drug`: place in the drug list, -1 for other orders."""

    stay: Array
    category: Array
    drug: Array
    begin: Array  # hours after admission
    days: Array
    prophylaxis: Array
    treats: Array


def make(month: Month) -> dict[str, Rows]:
    """Tables medical_order and drug_administration."""
    rng = month.rng("order")
    parts = [_care(month, rng), _antibacterials(month, rng), _drugs(month, rng), _others(month, rng)]
    fields = zip(*((p.stay, p.category, p.drug, p.begin, p.days, p.prophylaxis, p.treats) for p in parts), strict=True)
    orders = Orders(*(np.concatenate(field) for field in fields))
    rows, stop, times, given = _orders(month, rng, orders)
    return {"medical_order": rows, "drug_administration": _administrations(month, orders, stop, times, given)}


def _simple(stay: Array, category: Array | int, begin: Array | float, days: Array) -> Orders:
    count = len(stay)
    return Orders(
        stay, np.broadcast_to(category, count), np.full(count, -1), np.broadcast_to(np.asarray(begin, float), count),
        days, np.zeros(count, bool), np.zeros(count, bool),
    )  # fmt: skip


def _care(month: Month, rng: np.random.Generator) -> Orders:
    """The level of care, given at admission."""
    stays = month.stays
    return _simple(np.arange(len(stays)), 1, 0.2 + 0.6 * rng.random(len(stays)), stays.days)


def _antibacterials(month: Month, rng: np.random.Generator) -> Orders:
    """Who gets antibacterials, which, for how long; prophylaxis comes from operations."""
    stays, share, table = month.stays, month.shared, drugs()
    pool = np.flatnonzero(table["pool"] == "antibacterial")
    weight = table["weight"][pool].astype(float)
    treated = np.flatnonzero(month.hit(rng, "antibacterial_treatment", np.arange(len(stays))))
    infected = np.unique(share["inf_stay"])
    treated = np.union1d(treated, infected)
    copies = 1 + (
        rng.random(len(treated))
        < month.rates.probability("antibacterial_second", stays.unit[treated], stays.discharge[treated])
    )
    stay = np.repeat(treated, copies)
    strong = month.hit(rng, "special_grade_choice", stay)
    low, high = pool[table["grade"][pool] != "3"], pool[table["grade"][pool] == "3"]
    usual = rng.choice(low, len(stay), p=weight[np.isin(pool, low)] / weight[np.isin(pool, low)].sum())
    special = rng.choice(high, len(stay), p=weight[np.isin(pool, high)] / weight[np.isin(pool, high)].sum())
    drug = np.where(strong, special, usual)
    longer = month.rates.probability("antibacterial_days", stays.unit[stay], stays.discharge[stay])
    days = np.clip(np.round(longer * np.exp(rng.normal(0, 0.45, len(stay)))), 1, stays.days[stay])
    begin = np.where(
        rng.random(len(stay)) < 0.75, 3 + 5 * rng.random(len(stay)), 24 * rng.random(len(stay)) * stays.days[stay] * 0.5
    )
    guard = np.flatnonzero(share["op_prophylaxis"])
    guarded = share["op_stay"][guard]
    hours_in = (share["op_start"][guard] - stays.admission[guarded]).astype(np.int64) / 3600
    month.shared["abx_stay"] = np.union1d(treated, guarded)
    month.shared["abx_treated"] = treated
    first = np.full(len(stays), np.inf)
    np.minimum.at(first, stay, begin)
    month.shared["abx_first_hour"] = first
    month.shared["abx_special"] = np.unique(stay[strong])
    cefazolin = int(np.flatnonzero(table["atc"] == "J01DB04")[0])
    return Orders(
        np.concatenate([stay, guarded]),
        np.zeros(len(stay) + len(guarded), int),
        np.concatenate([drug, np.full(len(guarded), cefazolin)]),
        np.concatenate([begin, np.maximum(hours_in - 2, 0.3)]),
        np.concatenate([days, np.ones(len(guarded))]),
        np.repeat([False, True], [len(stay), len(guarded)]),
        np.repeat([True, False], [len(stay), len(guarded)]),
    )


def _drugs(month: Month, rng: np.random.Generator) -> Orders:
    """Other drugs: infusions for those who get infusions, tablets and injections for the rest."""
    stays, table = month.stays, drugs()
    everyone = np.arange(len(stays))
    infused = month.hit(rng, "infusion", everyone)
    tcm = month.hit(rng, "tcm_injection", everyone) & infused
    parts = [
        (np.repeat(everyone[infused], month.count(rng, 1.25, int(infused.sum()))), "infusion"),
        (everyone[tcm], "tcm_injection"),
        (np.repeat(everyone, month.count(rng, 0.7, len(stays))), "oral"),
        (np.repeat(everyone, month.count(rng, 0.22, len(stays))), "injection"),
    ]
    onco = np.flatnonzero((month.cases["icd10"][stays.case] == "Z51.1") & (rng.random(len(stays)) < 0.95))
    parts.append((onco, "chemotherapy"))
    chosen = []
    for stay, pool in parts:
        fits = np.flatnonzero(table["pool"] == pool)
        weight = table["weight"][fits].astype(float)
        chosen.append(rng.choice(fits, len(stay), p=weight / weight.sum()))
    stay = np.concatenate([stay for stay, _ in parts])
    days = np.clip(np.round(rng.gamma(2, 2.2, len(stay))), 1, stays.days[stay])
    room = stays.days[stay] * 24 - 20
    begin = np.where(
        rng.random(len(stay)) < 0.6, 1 + 5 * rng.random(len(stay)), np.maximum(room, 4) * rng.random(len(stay))
    )
    zero = np.zeros(len(stay), bool)
    return Orders(stay, np.zeros(len(stay), int), np.concatenate(chosen), begin, days, zero, zero)


def _others(month: Month, rng: np.random.Generator) -> Orders:
    """Laboratory, imaging, treatment, diet and other orders; the first of a stay comes soon after admission."""
    stays = month.stays
    everyone = np.arange(len(stays))
    first = month.rates.within(rng, "first_order_8h", stays.unit, stays.admission, 8)
    sooner = (first - stays.admission).astype(np.int64) / 3600
    month.shared["first_order_hour"] = sooner
    lab = _simple(everyone, 2, sooner, np.ones(len(stays)))
    more, _ = spread(month.count(rng, 1.15, len(stays)))
    kind = rng.choice([3, 4, 5, 6], len(more), p=[0.34, 0.3, 0.18, 0.18])
    rest = _simple(more, kind, stays.days[more] * 20 * rng.random(len(more)), np.maximum(stays.days[more] // 2, 1))
    train = everyone[month.hit(rng, "early_rehabilitation", everyone) & (stays.days > 3)]
    rehab = _simple(train, 7, 30.0, np.maximum(stays.days[train] // 2, 1))
    joined = (np.concatenate(pair) for pair in zip(*(_fields(part) for part in (lab, rest, rehab)), strict=True))
    return Orders(*joined)


def _fields(orders: Orders) -> tuple[Array, ...]:
    return (orders.stay, orders.category, orders.drug, orders.begin, orders.days, orders.prophylaxis, orders.treats)


def _orders(month: Month, rng: np.random.Generator, orders: Orders) -> tuple[Rows, Array, Array, Array]:
    stays, table = month.stays, drugs()
    stay, drug, count = orders.stay, orders.drug, len(orders.stay)
    is_drug = drug >= 0
    unit = stays.unit[stay]
    late = month.shared["first_order_hour"][stay]
    begin = np.where(orders.category == 2, orders.begin, np.maximum(orders.begin, late * (orders.category != 1)))
    latest = (stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600 - 0.5
    ordered = stays.admission[stay] + hours(np.minimum(begin, np.maximum(latest, 0.1)))
    days = np.maximum(orders.days, 1)
    stop = np.minimum(ordered + hours(24 * days), stays.discharge[stay])
    long = ((is_drug & ~orders.prophylaxis) | np.isin(orders.category, (1, 5, 6, 7))) & (rng.random(count) < 0.9)
    same = long & (days > 1) & month.rates.hit(rng, "long_order_stopped_same_day", unit, ordered)
    stop = np.where(same, np.minimum(ordered + minutes(120), stop), stop)
    infusion = is_drug & (table["route"][drug] == "iv_infusion")
    grade = table["grade"][drug]
    anti = is_drug & (table["pool"][drug] == "antibacterial")
    per_day = np.where(anti & (table["atc"][drug] == "J01MA12"), 1, 2)
    times = np.where(orders.prophylaxis, 1, days * per_day)
    strong = np.where(anti, month.rates.probability("antibacterial_intensity", unit, ordered), 1)
    times = np.maximum(np.round(times * strong), 1)
    checked = month.rates.hit(rng, "order_reviewed", unit, ordered) & is_drug
    pivas = infusion & (rng.random(count) < 0.75)
    changed = pivas & month.rates.hit(rng, "pivas_intervention", unit, ordered)
    executed = ordered + minutes(20 + 70 * rng.random(count))
    verbal = rng.random(count) < 0.004
    cost = np.where(is_drug, times * table["price"][drug].astype(float), 60.0)
    consulted = _special_consults(month, rng, np.flatnonzero(anti & (grade == "3") & orders.treats), ordered, stay)
    link = np.full(count, -1)
    link[consulted] = np.arange(len(consulted))
    rows: Rows = {
        **month.of_stay(stay),
        "order_id": month.keys("medical_order", "MO", count),
        "setting": "inpatient",
        "order_type": Coded(np.where(long, 0, 1), ("long", "temporary")),
        "category": Coded(orders.category, CATEGORIES),
        "item_code": Coded(drug, np.char.add("D", table["atc"])),
        "item": Coded(np.where(is_drug, drug + len(_ITEMS), orders.category), [*_ITEMS, *table["name"]]),
        "ordered_time": ordered,
        "ordering_doctor": month.staff.column(
            np.where(rng.random(count) < 0.6, stays.resident[stay], stays.doctor[stay])
        ),
        "start_time": ordered + minutes(10),
        "stop_time": only(long, stop),
        "stopping_doctor": month.staff.column(np.where(long, stays.resident[stay], -1)),
        "urgent": ~long & (rng.random(count) < 0.15),
        "verbal": verbal,
        "verbal_recorded_time": only(verbal, ordered + minutes(60 * rng.random(count))),
        "checked_time": ordered + minutes(4 + 10 * rng.random(count)),
        "executed_time": executed,
        "cancelled": rng.random(count) < 0.008,
        "discharge_drug": is_drug & ~infusion & ~anti & (rng.random(count) < 0.06),
        "care_level": Coded(np.where(orders.category == 1, _levels(month, rng, stay), -1), ("special", "1", "2", "3")),
        "atc": Coded(drug, table["atc"]),
        "route": Coded(drug, table["route"]),
        "dose": known(table["dose"][drug].astype(float), is_drug),
        "dose_unit": Coded(drug, table["unit"]),
        "frequency": Coded(np.where(is_drug, np.where(long, np.clip(per_day - 1, 0, 2), 5), -1), _FREQUENCY),
        "quantity": known(times, is_drug),
        **_consumption(table, drug, times, is_drug),
        "antibiotic_grade": Coded(np.where(anti, np.char.add("0", grade).astype(int) - 1, -1), list("123")),
        "antibiotic_purpose": Coded(np.where(anti, orders.prophylaxis.astype(int), -1), ("treatment", "prophylaxis")),
        "bottles": known(times, infusion),
        "volume_ml": known(times * table["volume"][drug], infusion),
        "pivas": known(pivas, is_drug),
        "pharmacist_review_time": only(checked, ordered + minutes(2 + 15 * rng.random(count))),
        "pharmacist_review": Coded(
            np.where(checked, np.where(changed, 1, np.where(rng.random(count) < 0.004, 2, 0)), -1), _REVIEWS
        ),
        "consultation_id": Coded(link, month.ids["antibacterial_consultation"]),
        "cost": np.round(cost, 2),
    }
    return rows, stop, times, executed


def _levels(month: Month, rng: np.random.Generator, stay: Array) -> Array:
    stays = month.stays
    icu = month.units.is_icu[stays.unit[stay]]
    return np.where(icu, 0, np.where(stays.emergency[stay] & (rng.random(len(stay)) < 0.6), 1, 2))


def _consumption(table: Columns, drug: Array, times: Array, is_drug: Array) -> Rows:
    units = np.where(table["ddd_unit"] == "U", "U", table["ddd_unit"])
    flags: dict[str, Masked] = {
        name: known(table[column][drug], is_drug)
        for name, column in (
            ("essential_drug", "essential"),
            ("vbp_drug", "vbp"),
            ("key_monitored", "key"),
            ("high_alert", "alert"),
        )
    }
    return {
        "amount": known(np.round(times * table["dose"][drug].astype(float), 3), is_drug),
        "ddd": known(table["ddd"][drug].astype(float), is_drug),
        "ddd_unit": Coded(drug, units),
        "tcm_injection": known(table["pool"][drug] == "tcm_injection", is_drug),
        **flags,
    }


def _special_consults(month: Month, rng: np.random.Generator, rows: Array, ordered: Array, stay: Array) -> Array:
    """Orders of the special grade that have a consultation; the consultation table takes them from `shared`."""
    asked = rows[month.rates.hit(rng, "special_grade_consulted", month.stays.unit[stay[rows]], ordered[rows])]
    month.keys("antibacterial_consultation", "CA", len(asked))
    month.shared |= {"abx_consult_stay": stay[asked], "abx_consult_time": ordered[asked]}
    return asked


def _administrations(month: Month, orders: Orders, stop: Array, times: Array, executed: Array) -> Rows:
    """A sample of what was given: up to the detail of the hospital, about three rows per discharge."""
    rng, table = month.rng("administration"), drugs()
    some = np.flatnonzero((orders.drug >= 0) & (rng.random(len(orders.drug)) < min(0.5 * month.hospital.detail, 1.0)))
    counts = np.minimum(times[some], 3).astype(np.int64)
    at, place = spread(counts)
    order = some[at]
    stay, drug = orders.stay[order], orders.drug[order]
    gap = (stop[order] - executed[order]).astype(np.int64) / 3600
    when = executed[order] + hours(np.maximum(gap, 0.1) * place / np.maximum(counts[at], 1))
    anti = table["pool"][drug] == "antibacterial"
    unit = month.stays.unit[stay]
    skipped = rng.random(len(order)) < 0.006
    return {
        **month.of_stay(stay),
        "administration_id": month.keys("administration", "AD", len(order)),
        "order_id": Coded(order, month.ids["medical_order"]),
        "administered_time": when,
        "item": Coded(drug, table["name"]),
        "atc": Coded(drug, table["atc"]),
        "route": Coded(drug, table["route"]),
        "dose": table["dose"][drug].astype(float),
        "dose_unit": Coded(drug, table["unit"]),
        "amount": np.where(skipped, 0.0, table["dose"][drug].astype(float)),
        "ddd": table["ddd"][drug].astype(float),
        "ddd_unit": Coded(drug, table["ddd_unit"]),
        "antibiotic_grade": Coded(
            np.where(anti, np.char.add("0", table["grade"][drug]).astype(int) - 1, -1), list("123")
        ),
        "nurse": month.staff.column(month.staff.pick(rng, 1, unit)),
        "omitted_reason": Coded(np.where(skipped, rng.integers(0, 2, len(order)), -1), ("患者外出检查", "患者拒绝")),
    }
