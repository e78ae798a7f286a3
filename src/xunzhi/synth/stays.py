"""Inpatient stays of a month: who, where, what for, from when to when. Everything else hangs on them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import cases, read
from xunzhi.synth.columns import NEVER, Array, day_of, hours, only, serial
from xunzhi.synth.rates import Rates
from xunzhi.synth.world import DOCTOR, NURSE, Staff, Units, case_departments, is_working, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OCCUPANCY = 0.90
LONGEST = 58  # days; keeps the census of a month within the stays of three months
LONGEST_RETURN = 27


@dataclass(frozen=True)
class Stays:
    """Stays discharged in one month; all arrays run over stays. Units, staff and cases are places in their tables."""

    patient: Array  # number of the person within the month `home`
    home: Array  # month number in which the person first came
    visit: Array
    case: Array
    unit: Array  # ward of discharge
    first_unit: Array
    female: Array
    age: Array  # years, with fraction
    admission: Array
    discharge: Array
    died: Array
    emergency: Array
    day_case: Array
    moved: Array  # time of the move from the first ward, or never
    icu_unit: Array
    icu_in: Array
    icu_out: Array
    doctor: Array
    resident: Array
    nurse: Array
    returns: Array  # time of a readmission, or never
    planned: Array  # that readmission was planned
    previous: Array  # place of the earlier stay in month `home`; -1 for none

    def __len__(self) -> int:
        return len(self.case)

    def __getitem__(self, rows: Array) -> Stays:
        return Stays(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def days(self) -> Array:
        """Length of stay in days, at least 1."""
        return np.maximum((day_of(self.discharge) - day_of(self.admission)).astype(np.int64), 1)


def join(parts: Sequence[Stays]) -> Stays:
    """Several sets of stays as one."""
    return Stays(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Stays)))


def month_number(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> np.datetime64:
    """The first day of a month number."""
    return np.datetime64(f"{month // 12:04d}-{month % 12 + 1:02d}-01", "D")


def label(month: int) -> str:
    """`2025-01`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _remembered(memory: OrderedDict[int, Stays], month: int, make: Callable[[int], Stays]) -> Stays:
    """The stays of a month from memory, which holds the last few months only."""
    if month not in memory:
        memory[month] = make(month)
        while len(memory) > 8:
            memory.popitem(last=False)
    return memory[month]


class StayMaker:
    """Makes the stays of any month from the seed alone; keeps the last few months."""

    def __init__(self, units: Units, staff: Staff, rates: Rates, seed: int):
        self.units, self.staff, self.rates, self.seed = units, staff, rates, seed
        self.department, self.share = case_departments(units)
        self._base: OrderedDict[int, Stays] = OrderedDict()
        self._months: OrderedDict[int, Stays] = OrderedDict()

    def month(self, month: int) -> Stays:
        """All stays discharged in a month: new ones, and returns of people discharged up to two months before."""
        return _remembered(self._months, month, self._with_returns)

    def _with_returns(self, month: int) -> Stays:
        start, end = first_day(month), first_day(month + 1)
        parts = [self.base(month)]
        for earlier in (month - 2, month - 1, month):
            back = self._returns(earlier)
            discharged = day_of(back.discharge)
            parts.append(back[(discharged >= start) & (discharged < end)])
        stays = join(parts)
        return stays[np.argsort(stays.discharge, kind="stable")]

    def base(self, month: int) -> Stays:
        """Stays of people who came for the first time."""
        return _remembered(self._base, month, self._make)

    def _make(self, month: int) -> Stays:
        rng = stream(self.seed, "stays", month)
        unit, case = self._arrivals(rng, month)
        days = self._lengths(rng, case, unit, LONGEST)
        emergency = rng.random(len(case)) < cases()["emergency"][case].astype(float)
        emergency[days <= 1] &= rng.random((days <= 1).sum()) < 0.3
        leave = self._discharge_days(rng, month, emergency)
        female = rng.random(len(case)) < cases()["female"][case].astype(float)
        age = self._ages(rng, case)
        return self._finish(rng, month, unit, case, days, emergency, leave, female, age)

    def expected(self, month: int) -> Array:
        """Expected discharges of each ward, returns included: beds × days × occupancy × season / mean stay."""
        wards = self.units.wards
        length = (first_day(month + 1) - first_day(month)).astype(int)
        volume = self.rates.factor("volume", wards, np.full(len(wards), first_day(month).astype("M8[s]")))
        return np.asarray(self._per_day[month % 12] * length * volume)

    @cached_property
    def _per_day(self) -> Array:
        """Expected discharges a day: calendar months × wards."""
        units, wards = self.units, self.units.wards
        mean_stay = cases()["los"].astype(float) * 1.12
        stay = np.bincount(self.department + 1, self.share * mean_stay, minlength=units.departments + 1)[1:]
        seasons = read("departments")["seasons"]
        season = np.array([seasons[units.season[ward]] for ward in wards]).T
        return np.asarray(season * units.beds[wards] * OCCUPANCY / stay[units.department[wards]])

    def counts(self, rng: np.random.Generator, expected: Array) -> Array:
        """Discharges of wards: Poisson, with a little more spread than that."""
        return np.asarray(rng.poisson(expected * np.exp(rng.normal(0, 0.03, expected.shape))))

    def _arrivals(self, rng: np.random.Generator, month: int) -> tuple[Array, Array]:
        """Ward and case type of each new patient discharged in the month."""
        units, wards = self.units, self.units.wards
        again = sum(self.rates.typical(name, wards) for name in ("planned_readmission", "unplanned_readmission"))
        counts = self.counts(rng, self.expected(month) / (1 + again))
        unit = np.repeat(wards, counts)
        order = np.argsort(self.department, kind="stable")
        order = order[self.department[order] >= 0]
        running = np.cumsum(self.share[order]) + 0.0
        home = self.department[order]
        begin = np.searchsorted(home, units.department[unit], side="left")
        before = np.where(begin > 0, running[begin - 1], 0.0)
        case = order[np.minimum(np.searchsorted(running, before + rng.random(len(unit)) * 0.999999), len(order) - 1)]
        return unit, case

    def _lengths(self, rng: np.random.Generator, case: Array, unit: Array, longest: int) -> Array:
        median = cases()["los"][case].astype(float) * self.rates.level("length_of_stay", unit)
        drawn = median * np.exp(rng.normal(0, 0.42, len(case)))
        return np.clip(np.round(drawn), 1, longest).astype(np.int64)

    def _discharge_days(self, rng: np.random.Generator, month: int, emergency: Array) -> Array:
        """Days of discharge: Fridays are full, Sundays and the New Year are not."""
        days = np.arange(first_day(month), first_day(month + 1))
        data = read("departments")
        weekday = (days.astype(np.int64) + 3) % 7
        weight = np.array(data["weekday_discharge"])[weekday]
        free = np.array([not is_working(day)[0] for day in days.astype(object)])
        weight = np.where(free, weight * data["non_working_factor"], weight)
        festival = np.zeros(len(days), bool)
        for new_year in data["new_year"]:
            gap = (days - np.datetime64(new_year)).astype(int)
            festival |= (gap >= -1) & (gap <= 9)
        chosen = np.empty(len(emergency), days.dtype)
        for kind, rows in (("elective", ~emergency), ("emergency", emergency)):
            shape = np.where(festival, weight * data["new_year_factor"][kind], weight)
            chosen[rows] = rng.choice(days, size=int(rows.sum()), p=shape / shape.sum())
        return chosen

    def _ages(self, rng: np.random.Generator, case: Array) -> Array:
        table = cases()
        mean, sd = table["age_mean"][case], table["age_sd"][case]
        drawn = np.abs(mean + sd * rng.normal(size=len(case)))
        low = np.where(mean > 14, np.where(mean < 16, 5.0, 15.0), 0.2)
        return np.where(mean == 0, rng.random(len(case)) * 0.06, np.clip(drawn, low, 99.0))

    def _finish(
        self, rng: np.random.Generator, month: int, unit: Array, case: Array, days: Array, emergency: Array,
        leave: Array, female: Array, age: Array, came_back: Array | None = None,
    ) -> Stays:  # fmt: skip
        count = len(case)
        table = cases()
        died = rng.random(count) < table["death"][case].astype(float) * self.rates.factor(
            "mortality", unit, leave.astype("M8[s]")
        ) * np.exp(0.5 * (rng.random(count) - 0.5))
        discharge = leave.astype("M8[s]") + hours(
            np.where(died, rng.random(count) * 24, np.clip(rng.normal(10.5, 1.6, count), 7, 18))
        )
        operated = cases().operation.max(axis=1)[case] > 0.8
        day_case = (days <= 2) & ~emergency & operated & (rng.random(count) < 0.9)
        came = (leave - days.astype("m8[D]")).astype("M8[s]")
        weekend = ((day_of(came).astype(np.int64) + 3) % 7 >= 5) & ~emergency & (days > 3)
        came = np.where(weekend & (rng.random(count) < 0.6), came + np.timedelta64(2, "D"), came)
        admission = came + hours(
            np.where(emergency, (rng.beta(2.2, 1.8, count) * 24), np.clip(rng.normal(10, 1.8, count), 7.5, 17))
        )
        admission = admission if came_back is None else came_back
        first_unit, moved, icu = self._moves(rng, unit, case, admission, discharge)
        returns, planned = self._readmissions(rng, unit, discharge, died)
        doctor = self.staff.pick(rng, DOCTOR, unit, 2)
        return Stays(
            np.arange(count), np.full(count, month), rng.geometric(0.62, count), case, unit, first_unit, female, age,
            admission, discharge, died, emergency, day_case, moved, *icu, doctor,
            self.staff.pick(rng, DOCTOR, unit), self.staff.pick(rng, NURSE, unit), returns, planned,
            np.full(count, -1),
        )  # fmt: skip

    def _moves(
        self, rng: np.random.Generator, unit: Array, case: Array, admission: Array, discharge: Array
    ) -> tuple[Array, Array, tuple[Array, Array, Array]]:
        """First ward and when it was left; intensive care between admission and discharge."""
        count, units = len(unit), self.units
        length = (discharge - admission).astype(np.int64) / 3600.0
        share = self.rates.probability("transfer", unit, admission)
        moves = (rng.random(count) < share) & (length > 60) & ~units.is_icu[unit]
        others = units.wards[~units.is_icu[units.wards] & ~units.neonatal[units.wards]]
        first_unit = np.where(moves, rng.choice(others, count), unit)
        moves &= first_unit != unit
        early = rng.random(count) < 0.42
        at = admission + hours(np.where(early, 4 + 40 * rng.random(count), np.clip(0.55 * length, 49, None)))
        moved = only(moves & (at < discharge - np.timedelta64(6, "h")), at)
        first_unit = np.where(np.isnat(moved), unit, first_unit)
        icus = units.wards[units.is_icu[units.wards] & ~units.neonatal[units.wards]]
        chance = cases()["icu"][case].astype(float)
        own = units.is_icu[unit]
        cared = (own | ((rng.random(count) < chance) & (length > 40) & np.isnat(moved))) & ~units.neonatal[unit]
        begins = np.where(own, admission, admission + hours(2 + 0.3 * length * rng.random(count)))
        lasts = hours(np.clip(rng.lognormal(3.9, 0.7, count), 10, None))
        ends = np.where(own, discharge, np.minimum(begins + lasts, discharge - np.timedelta64(4, "h")))
        cared &= ends > begins
        icu_unit = np.where(own, unit, rng.choice(icus, count, p=units.beds[icus] / units.beds[icus].sum()))
        return first_unit, moved, (np.where(cared, icu_unit, -1), only(cared, begins), only(cared, ends))

    def _readmissions(
        self, rng: np.random.Generator, unit: Array, discharge: Array, died: Array
    ) -> tuple[Array, Array]:
        count = len(unit)
        planned = rng.random(count) < self.rates.probability("planned_readmission", unit, discharge)
        unplanned = rng.random(count) < self.rates.probability("unplanned_readmission", unit, discharge)
        gap = np.where(planned, 12 + 18 * rng.random(count), np.minimum(rng.exponential(11, count) + 0.2, 30.5))
        back = (planned | unplanned) & ~died & ~self.units.neonatal[unit]
        return only(back, discharge + hours(24 * gap)), planned & back

    def _returns(self, month: int) -> Stays:
        """Readmissions of the people of a month (their rows are complete stays)."""
        base = self.base(month)
        rows = np.flatnonzero(~np.isnat(base.returns))
        old = base[rows]
        rng = stream(self.seed, "returns", month)
        days = self._lengths(rng, old.case, old.unit, LONGEST_RETURN)
        leave = day_of(old.returns) + days.astype("m8[D]")
        emergency = ~old.planned & (rng.random(len(rows)) < 0.7)
        made = self._finish(rng, month, old.unit, old.case, days, emergency, leave, old.female, old.age, old.returns)
        changes = {
            "patient": old.patient, "visit": old.visit + 1, "previous": rows,
            "returns": np.full(len(rows), NEVER), "planned": np.zeros(len(rows), bool),
        }  # fmt: skip
        values = {field.name: changes.get(field.name, getattr(made, field.name)) for field in fields(Stays)}
        return Stays(**values)


def patient_ids(stays: Stays) -> pa.Array:
    """The number of each person: month in which they first came, and a running number."""
    return pa.array([f"P{h // 12:04d}{h % 12 + 1:02d}{p:06d}" for h, p in zip(stays.home, stays.patient, strict=True)])


def encounter_ids(month: int, count: int) -> pa.StringArray:
    """Numbers of the stays of a month."""
    return serial(f"E{label(month).replace('-', '')}", count, 6)
