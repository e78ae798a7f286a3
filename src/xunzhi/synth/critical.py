"""Intensive care, devices, infections, transfusions and rescues."""

from __future__ import annotations

import numpy as np

from xunzhi.synth.catalog import operations, read
from xunzhi.synth.columns import Array, Coded, Rows, day_of, hours, known, minutes, only
from xunzhi.synth.month import Month
from xunzhi.synth.world import DOCTOR

DEVICES = (
    "central_line",
    "urinary_catheter",
    "ventilator",
    "tracheal_tube",
    "gastric_tube",
    "picc",
    "peripheral_line",
    "drain",
    "restraint",
)
_REMOVAL = ("planned", "unplanned", "replaced", "transferred", "died")
_COMPONENTS = ("red_cells", "plasma", "platelets", "cryoprecipitate")
_REACTIONS = ("none", "febrile", "allergic", "haemolytic", "taco")


def make(month: Month) -> dict[str, Rows]:
    """Tables icu_stay, device_use, infection, transfusion, rescue."""
    return {
        "icu_stay": _icu(month),
        "device_use": _devices(month),
        "infection": _infections(month),
        "transfusion": _transfusions(month),
        "rescue": _rescues(month),
    }


def _icu(month: Month) -> Rows:
    rng, stays = month.rng("icu"), month.stays
    stay = np.flatnonzero(stays.icu_unit >= 0)
    first = len(stay)
    unit, begin, end = stays.icu_unit[stay], stays.icu_in[stay], stays.icu_out[stay]
    back = month.rates.hit(rng, "icu_return_48h", unit, end)
    again_in = end + hours(4 + 40 * rng.random(first))
    back &= (stays.unit[stay] != unit) & (again_in + np.timedelta64(12, "h") < stays.discharge[stay])
    again_out = np.minimum(
        again_in + hours(20 + 60 * rng.random(first)), stays.discharge[stay] - np.timedelta64(3, "h")
    )
    back &= again_out > again_in
    stay = np.concatenate([stay, stay[back]])
    unit, begin, end = (
        np.concatenate(pair) for pair in ((unit, unit[back]), (begin, again_in[back]), (end, again_out[back]))
    )
    count = len(stay)
    own = stays.unit[stay] == unit

    def hit(name: str) -> Array:
        return month.rates.hit(rng, name, unit, begin)

    died = stays.died[stay] & (own | (rng.random(count) < 0.5))
    risk = np.clip(rng.beta(1.2, 9.0, count) + np.where(died, 0.22, 0), 0.01, 0.95)
    apache = np.clip(np.round(8 + 34 * risk + rng.normal(0, 3, count)), 2, 50).astype(int)
    shock = np.isin(month.cases["icd10"][stays.case[stay]], ("A41.9", "J96.0")) & (rng.random(count) < 0.34)
    shock_at = begin + hours(0.2 + 3 * rng.random(count))
    ards = np.where(rng.random(count) < 0.10, rng.integers(0, 3, count), -1)
    brain = np.isin(month.units.department[stays.unit[stay]], _departments(month, "0303", "0402"))

    def bundle(name: str, limit: float) -> Array:
        return only(shock, month.rates.within(rng, name, unit, shock_at, limit))

    return {
        **month.of_stay(stay, unit),
        "icu_stay_id": month.keys("icu_stay", "IC", count),
        "from_department": Coded(np.where(own, -1, month.units.department[stays.unit[stay]]), month.units.code_values),
        "to_department": Coded(
            np.where(own | died, -1, month.units.department[stays.unit[stay]]), month.units.code_values
        ),
        "in_time": begin,
        "out_time": np.where(died & ~own, end, end),
        "planned": ~hit("icu_unplanned"),
        "apache2": known(apache, hit("apache_scored")),
        "apache2_time": begin + hours(1 + 20 * rng.random(count)),
        "predicted_mortality": np.round(risk, 3),
        "septic_shock_time": only(shock, shock_at),
        "lactate_time": bundle("sepsis_lactate_1h", 1),
        "lactate": known(np.round(np.clip(rng.lognormal(1.0, 0.5, count), 0.6, 18), 1), shock),
        "repeat_lactate_time": bundle("sepsis_repeat_lactate_6h", 6),
        "hypotension": known(rng.random(count) < 0.7, shock),
        "blood_culture_time": only(shock, shock_at + minutes(5 + 20 * rng.random(count))),
        "antibiotic_time": only(
            shock,
            shock_at
            + minutes(np.where(hit("sepsis_antibiotic_1h"), 28 + 30 * rng.random(count), 70 + 150 * rng.random(count))),
        ),
        "fluid_time": bundle("sepsis_fluid_1h", 1),
        "vasopressor_time": only(shock & (rng.random(count) < 0.75), shock_at + minutes(15 + 40 * rng.random(count))),
        "ards": Coded(ards, ("mild", "moderate", "severe")),
        "prone_time": only((ards >= 1) & hit("prone"), begin + hours(4 + 20 * rng.random(count))),
        "pain_assessed_time": only(hit("icu_pain_assessed"), begin + hours(1 + 3 * rng.random(count))),
        "sedation_assessed_time": only(hit("icu_sedation_assessed"), begin + hours(1 + 3 * rng.random(count))),
        "brain_injury": brain,
        "consciousness_assessed_time": only(
            brain & hit("icu_consciousness_assessed"), begin + hours(2 * rng.random(count))
        ),
        "enteral_nutrition_time": only(
            (end - begin > np.timedelta64(30, "h")), month.rates.within(rng, "enteral_nutrition_48h", unit, begin, 48)
        ),
        "dvt_prophylaxis_time": only(hit("icu_dvt_prophylaxis"), begin + hours(3 + 16 * rng.random(count))),
    }


def _departments(month: Month, *codes: str) -> Array:
    return np.array([place for place, code in enumerate(month.units.codes) if code in codes])


def _devices(month: Month) -> Rows:
    """Devices in intensive care and on wards; the rest of the month uses their days."""
    rng, stays = month.rng("device"), month.stays
    parts = [_icu_devices(month, rng), _ward_devices(month, rng)]
    stay, kind, unit, begin, end = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    fine = end - begin > np.timedelta64(30, "m")
    stay, kind, unit, begin, end = stay[fine], kind[fine], unit[fine], begin[fine], end[fine]
    count = len(stay)
    days = (end - begin).astype(np.int64) / 86_400
    loose = np.isin(kind, (1, 3, 4, 5, 0, 7))
    perdevice = (
        month.rates.probability("unplanned_removal", unit, end)
        * np.array([0.6, 0.5, 0, 1.3, 2.6, 0.6, 0, 0.8, 0])[kind]
    )
    lost = loose & (rng.random(count) < 1 - np.exp(-perdevice * days))
    died = stays.died[stay] & (end >= stays.discharge[stay] - np.timedelta64(2, "h"))
    removal = np.where(lost, 1, np.where(died, 4, np.where(rng.random(count) < 0.03, 2, 0)))
    again = (kind == 3) & (removal <= 1) & month.rates.hit(rng, "tube_reinserted_48h", unit, end)
    ids = month.keys("device_use", "DV", count)
    month.shared |= {
        "dev_stay": stay,
        "dev_kind": kind,
        "dev_unit": unit,
        "dev_begin": begin,
        "dev_end": end,
        "dev_lost": lost,
    }
    return {
        **month.of_stay(stay, unit),
        "device_use_id": ids,
        "device": Coded(kind, DEVICES),
        "site": Coded(kind, ("颈内静脉", "尿道", "气管", "经口气管", "鼻胃", "贵要静脉", "前臂", "手术区", "上肢")),
        "inserted_by": month.staff.column(month.staff.pick(rng, DOCTOR, unit)),
        "start_time": begin,
        "stop_time": end,
        "removal": Coded(removal, _REMOVAL),
        "reinserted_time": only(again, end + hours(1 + 40 * rng.random(count))),
    }


def _icu_devices(month: Month, rng: np.random.Generator) -> tuple[Array, ...]:
    stays = month.stays
    icu = np.flatnonzero(stays.icu_unit >= 0)
    use = np.array([0.62, 0.86, 0.46, 0, 0.52, 0.03, 0.9, 0.2, 0.22])
    stay_at, kind = np.nonzero(rng.random((len(icu), len(use))) < use)
    stay = icu[stay_at]
    tubes = np.flatnonzero(kind == 2)
    stay, kind = np.concatenate([stay, stay[tubes]]), np.concatenate([kind, np.full(len(tubes), 3)])
    begin0, end0 = stays.icu_in[stay], stays.icu_out[stay]
    share = np.where(np.isin(kind, (2, 3)), 0.55, 0.8) * (0.7 + 0.3 * rng.random(len(stay)))
    share[len(share) - len(tubes) :] = share[tubes]
    length = (end0 - begin0).astype(np.int64) / 3600
    begin = begin0 + hours(np.minimum(0.5, 0.05 * length))
    return stay, kind, stays.icu_unit[stay], begin, begin + hours(length * share)


def _ward_devices(month: Month, rng: np.random.Generator) -> tuple[Array, ...]:
    stays, units = month.stays, month.units
    rows = np.flatnonzero(~units.is_icu[stays.unit] & (stays.days > 1))
    surgical = units.surgical[stays.unit[rows]]
    tumour = np.isin(units.department[stays.unit[rows]], _departments(month, "1900", "0305"))
    use = np.stack(
        [
            np.where(surgical, 0.07, 0.05), np.where(surgical, 0.34, 0.10), np.zeros(len(rows)), np.zeros(len(rows)),
            np.where(surgical, 0.09, 0.05), np.where(tumour, 0.34, 0.012), np.full(len(rows), 0.6),
            np.where(surgical, 0.22, 0.02), np.full(len(rows), 0.004),
        ],
        axis=1,
    )  # fmt: skip
    at, kind = np.nonzero(rng.random(use.shape) < use * min(month.hospital.detail, 1.0) ** 0.5)
    stay = rows[at]
    length = (stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600
    begin = stays.admission[stay] + hours(length * 0.3 * rng.random(len(stay)))
    longest = np.array([220, 90, 0, 0, 110, 400, 96, 120, 60])[kind] * np.exp(rng.normal(0, 0.5, len(stay)))
    end = np.minimum(begin + hours(longest), stays.discharge[stay] - np.timedelta64(1, "h"))
    return stay, kind, stays.unit[stay], begin, end


_LINKED = (("clabsi", (0, 5), 0), ("cauti", (1,), 3), ("vap", (2,), 1))
SITES = (
    "bloodstream",
    "lower_respiratory",
    "upper_respiratory",
    "urinary",
    "ssi_superficial",
    "ssi_deep",
    "gastrointestinal",
    "skin_soft_tissue",
    "abdominal",
)


def _infections(month: Month) -> Rows:
    """Infections of devices (per device-day), incisions (per operation), others (per stay), and from outside."""
    rng, stays, share = month.rng("infection"), month.stays, month.shared
    parts = [_device_infection(month, rng, *linked) for linked in _LINKED]
    incision = operations()["incision"][share["op_kind"]]
    for grade, name, fits in (
        (4, "ssi_class1", incision == 1),
        (5, "ssi_class2", incision == 2),
        (5, "ssi_class3", incision == 3),
    ):
        op = np.flatnonzero(fits & ~share["op_cancelled"])
        op = op[month.rates.hit(rng, name, stays.unit[share["op_stay"][op]], share["op_end"][op])]
        onset = share["op_end"][op] + hours(40 + 150 * rng.random(len(op)))
        stay = share["op_stay"][op]
        parts.append(
            (stay, np.full(len(op), grade), np.minimum(onset, stays.discharge[stay]), np.full(len(op), -1), op)
        )
    for name, sites in (("other_hai", (1, 2, 3, 6, 7)), ("community_infection", (1, 2, 3, 8))):
        who = np.flatnonzero((stays.days > 2) & month.hit(rng, name, np.arange(len(stays))))
        room = (stays.discharge[who] - stays.admission[who]).astype(np.int64) / 3600
        late = 48 + (room - 48) * rng.random(len(who)) if name == "other_hai" else 0 * room
        where = np.array(sites)[rng.integers(0, len(sites), len(who))]
        fits = late < room
        who, onset, where = who[fits], (stays.admission[who] + hours(late))[fits], where[fits]
        parts.append((who, where, onset, np.full(len(who), -1), np.full(len(who), -1)))
    community = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts]) == len(parts) - 1
    stay, site, onset, device, case = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    unit = np.where(device >= 0, share["dev_unit"][device], stays.unit[stay])
    month.shared |= {"inf_stay": stay, "inf_onset": onset, "inf_site": site, "inf_community": community}
    diagnosed = onset + hours(6 + 30 * rng.random(len(stay)))
    dialysed = ~community & np.isin(month.units.department[unit], _departments(month, "0306"))
    missed = ~community & month.rates.hit(rng, "hai_missed", unit, onset)
    organisms = read("laboratory")["organisms"]
    bug = np.where(
        rng.random(len(stay)) < 0.62,
        rng.choice(len(organisms), len(stay), p=[0.24, 0.2, 0.15, 0.12, 0.12, 0.07, 0.04, 0.06, 0.0]),
        -1,
    )
    resistant = (rng.random(len(stay)) < np.array([row[3] for row in organisms])[bug]) & (bug >= 0)
    cluster = month.rates.hit(rng, "outbreak", unit, onset) & ~community
    return {
        **month.of_stay(stay, unit),
        "infection_id": month.keys("infection", "HI", len(stay)),
        "site": Coded(site, SITES),
        "origin": Coded(community.astype(int), ("hospital", "community")),
        "onset_time": onset,
        "diagnosed_time": diagnosed,
        "reported_time": only(~missed, diagnosed + hours(1 + 22 * rng.random(len(stay)))),
        "missed": missed,
        "device": Coded(np.where(device >= 0, share["dev_kind"][device], -1), DEVICES),
        "device_use_id": Coded(device, month.ids["device_use"]),
        "operation_id": Coded(case, month.ids["operation"]),
        "dialysis_related": dialysed & (rng.random(len(stay)) < 0.4),
        "organism": Coded(bug, [row[1] for row in organisms]),
        "mdro": Coded(np.where(resistant, bug, -1), [row[2] for row in organisms]),
        "outbreak_id": Coded(np.where(cluster, 0, -1), [f"OB{month.number // 12}{month.number % 12 + 1:02d}"]),
    }


def _device_infection(
    month: Month, rng: np.random.Generator, name: str, kinds: tuple[int, ...], site: int
) -> tuple[Array, ...]:
    share = month.shared
    device = np.flatnonzero(np.isin(share["dev_kind"], kinds))
    unit, begin, end = share["dev_unit"][device], share["dev_begin"][device], share["dev_end"][device]
    days = (end - begin).astype(np.int64) / 86_400
    onset = begin + hours(24 * days * (0.4 + 0.6 * rng.random(len(device))))
    risk = month.rates.probability(name, unit, onset)
    struck = rng.random(len(device)) < 1 - np.exp(-risk * days)
    device, onset = device[struck], onset[struck]
    return share["dev_stay"][device], np.full(len(device), site), onset, device, np.full(len(device), -1)


def _transfusions(month: Month) -> Rows:
    rng, stays, share = month.rng("transfusion"), month.stays, month.shared
    op = np.flatnonzero((share["op_blood"] > 250) & (rng.random(len(share["op_blood"])) < 0.55))
    ward = np.flatnonzero((stays.days > 2) & month.hit(rng, "ward_transfusion", np.arange(len(stays))))
    stay = np.concatenate([share["op_stay"][op], ward])
    linked = np.concatenate([op, np.full(len(ward), -1)])
    copies = 1 + rng.poisson(0.6, len(stay))
    stay, linked = np.repeat(stay, copies), np.repeat(linked, copies)
    count = len(stay)
    unit = stays.unit[stay]
    room = (stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600
    inside = share["op_start"][linked] + (share["op_end"][linked] - share["op_start"][linked]) // 2
    start = np.where(linked >= 0, inside, stays.admission[stay] + hours(2 + (room - 8) * rng.random(count)))
    start = np.maximum(start, stays.admission[stay] + np.timedelta64(2, "h"))

    def hit(name: str) -> Array:
        return month.rates.hit(rng, name, unit, start)

    kind = rng.choice(4, count, p=[0.56, 0.29, 0.11, 0.04])
    own = (linked >= 0) & (kind == 0) & hit("autologous_blood")
    amount = np.where(
        kind == 0,
        rng.choice([1.0, 2.0, 4.0], count, p=[0.2, 0.62, 0.18]),
        np.where(kind == 1, rng.choice([2.0, 4.0], count), 1.0),
    )
    reaction = np.where(
        hit("transfusion_reaction") & ~own, rng.choice([1, 2, 3, 4], count, p=[0.42, 0.52, 0.02, 0.04]), 0
    )
    end = start + minutes(70 + 80 * rng.random(count))
    asked = start - hours(2.0 + 2 * rng.random(count))
    month.shared |= {
        "blood_stay": stay,
        "blood_start": start,
        "blood_end": end,
        "blood_ok": hit("transfusion_evaluated"),
    }
    return {
        **month.of_stay(stay),
        "transfusion_id": month.keys("transfusion", "TX", count),
        "request_id": month.keys("request", "RQ", count),
        "operation_id": Coded(linked, month.ids["operation"]),
        "transfusion_date": day_of(start),
        "component": Coded(kind, _COMPONENTS),
        "autologous": own,
        "units": amount,
        "volume_ml": amount * np.array([200.0, 100.0, 250.0, 25.0])[kind],
        "requested_time": asked,
        "requesting_doctor": month.staff.column(month.staff.pick(rng, DOCTOR, unit, 3)),
        "request_ok": hit("blood_request_ok"),
        "consent_time": only(rng.random(count) < 0.985, asked - minutes(20)),
        "specimen_received_time": asked + minutes(25),
        "regrouped_time": only(hit("blood_regrouped"), asked + minutes(45)),
        "crossmatched_time": asked + minutes(75),
        "issued_time": start - minutes(20 * rng.random(count) + 3),
        "start_time": start,
        "end_time": end,
        "blood_type": Coded(rng.choice(4, count, p=[0.31, 0.28, 0.33, 0.08]), list("1234")),
        "rh": Coded((rng.random(count) < 0.997).astype(int), list("12")),
        "hb_before": known(np.round(np.clip(rng.normal(67, 11, count), 35, 110)), kind == 0),
        "reaction": Coded(reaction, _REACTIONS),
        "reaction_time": only(reaction > 0, start + minutes(15 + 60 * rng.random(count))),
        "reaction_reported_time": only(
            (reaction > 0) & (rng.random(count) < 0.9), end + hours(1 + 10 * rng.random(count))
        ),
        "evaluated_time": only(
            month.shared["blood_ok"] | (rng.random(count) < 0.5), end + hours(6 + 16 * rng.random(count))
        ),
        "evaluation_ok": month.shared["blood_ok"],
    }


def _rescues(month: Month) -> Rows:
    rng, stays = month.rng("rescue"), month.stays
    stay = np.flatnonzero(
        month.hit(rng, "rescue", np.arange(len(stays))) | (stays.died & (rng.random(len(stays)) < 0.8))
    )
    count, died = len(stay), stays.died[stay]
    room = (stays.discharge[stay] - stays.admission[stay]).astype(np.int64) / 3600
    length = 0.5 + 1.5 * rng.random(count)
    start = np.where(
        died, stays.discharge[stay] - hours(length), stays.admission[stay] + hours(room * 0.6 * rng.random(count))
    )
    start = np.maximum(start, stays.admission[stay])
    end = np.where(died, stays.discharge[stay], start + hours(length))
    unit = np.where(
        (stays.icu_unit[stay] >= 0) & (start > stays.icu_in[stay]) & (start < stays.icu_out[stay]),
        stays.icu_unit[stay],
        stays.unit[stay],
    )
    arrest = np.where(died, rng.random(count) < 0.75, rng.random(count) < 0.22)
    rosc = arrest & np.where(died, rng.random(count) < 0.2, True)
    coma = rosc & (rng.random(count) < 0.6)
    warm = coma & month.rates.hit(rng, "temperature_management", unit, start)
    ecpr = arrest & (rng.random(count) < 0.06)
    month.shared |= {"rescue_stay": stay, "rescue_end": end}
    return {
        **month.of_stay(stay, unit),
        "rescue_id": month.keys("rescue", "RS", count),
        "setting": "inpatient",
        "start_time": start,
        "end_time": end,
        "leader": month.staff.column(month.staff.pick(rng, DOCTOR, unit, 2)),
        "cardiac_arrest": Coded(np.where(arrest, 1, -1), ("out_of_hospital", "in_hospital")),
        "rosc_time": only(rosc, start + minutes(5 + 20 * rng.random(count))),
        "circulation_minutes": known(
            np.where(died, 5 + 30 * rng.random(count), 60 * 24.0 + 60 * rng.random(count)), rosc
        ),
        "comatose": known(coma, rosc),
        "ttm_start_time": only(warm, end + hours(1 + 3 * rng.random(count))),
        "ttm_end_time": only(warm, end + hours(30 + 6 * rng.random(count))),
        "ecpr_cannulation_time": only(ecpr, start + minutes(15 + 10 * rng.random(count))),
        "ecpr_flow_time": only(ecpr, start + minutes(40 + 25 * rng.random(count))),
        "survived": ~died,
        "record_signed_time": month.rates.within(rng, "rescue_note_6h", unit, end, 6),
    }
