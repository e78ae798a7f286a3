"""Where patients lay: transfers between wards and the daily bed census."""

from __future__ import annotations

import numpy as np

from xunzhi.synth.columns import Array, Coded, Rows, day_of
from xunzhi.synth.month import Month
from xunzhi.synth.stays import Stays, join


def make(month: Month) -> dict[str, Rows]:
    """Tables transfer and bed_census."""
    return {"transfer": _transfers(month), "bed_census": _census(month)}


def _segments(stays: Stays) -> tuple[Array, Array, Array, Array]:
    """Where each patient lay from when to when: ward, in, out; and the stay."""
    count = len(stays)
    everyone = np.arange(count)
    cared = (stays.icu_unit >= 0) & (stays.icu_unit != stays.unit)
    moved = ~np.isnat(stays.moved)
    plain_end = np.where(moved, stays.moved, np.where(cared, stays.icu_in, stays.discharge))
    parts = [
        (everyone, np.where(moved, stays.first_unit, stays.unit), stays.admission, plain_end),
        (everyone[moved], stays.unit[moved], stays.moved[moved], stays.discharge[moved]),
        (everyone[cared], stays.icu_unit[cared], stays.icu_in[cared], stays.icu_out[cared]),
        (everyone[cared], stays.unit[cared], stays.icu_out[cared], stays.discharge[cared]),
    ]
    stay, unit, begin, end = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    return stay, unit, begin, end


def _transfers(month: Month) -> Rows:
    """Every move between wards; intensive care counts."""
    stay, unit, begin, _ = _segments(month.stays)
    order = np.lexsort((begin, stay))
    stay, unit, begin = stay[order], unit[order], begin[order]
    later = np.flatnonzero(np.append(False, stay[1:] == stay[:-1]))
    origin, target = unit[later - 1], unit[later]
    units, codes = month.units, month.units.code_values
    reason = np.where(units.is_icu[target], 0, np.where(units.is_icu[origin], 1, 2))
    return {
        "institution": month.hospital.institution,
        "transfer_id": month.keys("transfer", "TR", len(later)),
        "patient_id": Coded(stay[later], month.patients),
        "encounter_id": Coded(stay[later], month.encounters),
        "transfer_time": begin[later],
        "from_department": Coded(units.department[origin], codes),
        "from_ward": Coded(origin, codes),
        "to_department": Coded(units.department[target], codes),
        "to_ward": Coded(target, codes),
        "reason": Coded(reason, ("病情加重转入监护", "病情稳定转回", "专科治疗需要")),
    }


def _census(month: Month) -> Rows:
    """Each ward and day: beds, patients at midnight, moves. Patients discharged in later months lie here too."""
    maker = month.hospital.stays
    stays = join([maker.month(month.number + later) for later in range(3)])
    _, unit, begin, end = _segments(stays)
    units, days = month.units, month.days
    wards, length = units.wards, len(days)
    start = month.first.astype("M8[D]")

    def grid(ward: Array, when: Array, weight: Array | None = None) -> Array:
        """Counts by ward × day of the month."""
        day = (day_of(when) - start).astype(np.int64)
        inside = (day >= 0) & (day < length)
        slot = (ward[inside] - wards[0]) * length + day[inside]
        return np.bincount(slot, None if weight is None else weight[inside], len(wards) * length)

    early = np.clip((day_of(begin) - start).astype(np.int64), 0, length)
    late = np.clip((day_of(end) - start).astype(np.int64), 0, length)
    change = np.zeros((len(wards), length + 1))
    np.add.at(change, (unit - wards[0], early), 1)
    np.add.at(change, (unit - wards[0], late), -1)
    occupied = np.cumsum(change, axis=1)[:, :length].astype(np.int64).ravel()
    first, last = stays.first_unit, stays.unit
    ward = np.repeat(wards, length)
    rng = month.rng("census")
    icu = units.is_icu[ward]
    hours_per_day = month.rates.probability("nursing_hours", ward, np.tile(days, len(wards)).astype("M8[s]"))
    opened = np.maximum(units.beds[ward], occupied)
    admitted, left = grid(first, stays.admission), grid(last, stays.discharge)
    inward = grid(unit, begin) - admitted
    special = np.where(icu, occupied, rng.binomial(occupied, 0.01))
    level1 = rng.binomial(occupied - special, 0.38)
    level3 = rng.binomial(occupied - special - level1, 0.05)
    nurses = np.maximum(np.round(occupied / np.where(icu, 1.6, 7.5)), 2)
    nights = np.maximum(np.round(occupied / np.where(icu, 1.9, 17)), 1)
    return {
        "institution": month.hospital.institution,
        **month.place(ward),
        "day": np.tile(days, len(wards)),
        "open_beds": opened,
        "occupied_beds": occupied,
        "admissions": admitted,
        "discharges": left,
        "deaths": grid(last[stays.died], stays.discharge[stays.died]),
        "transfers_in": inward,
        "transfers_out": grid(unit, end) - left,
        "special_care_patients": special,
        "level1_care_patients": level1,
        "level2_care_patients": occupied - special - level1 - level3,
        "level3_care_patients": level3,
        "critical_patients": np.where(icu, rng.binomial(occupied, 0.6), rng.binomial(occupied, 0.01)),
        "serious_patients": rng.binomial(occupied, 0.04),
        "nurse_hours": np.round(
            occupied * np.where(icu, 3.6, 1.0) * hours_per_day * np.exp(rng.normal(0, 0.05, len(ward))), 1
        ),
        "day_nurses": nurses.astype(np.int64),
        "night_nurses": nights.astype(np.int64),
        "day_patients": occupied,
        "night_patients": occupied,
        "hand_rub_ml": np.round(occupied * np.where(icu, 70, 16) * np.exp(rng.normal(0, 0.15, len(ward)))),
    }
