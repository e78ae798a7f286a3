"""Numerators and denominators of department-months straight from the model, without building tables.

The volumes come from :meth:`StayMaker.expected`, the probabilities from :meth:`Rates.probability`: the same two places
that the tables come from. tests/synth/test_series.py holds the two paths against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xunzhi.synth.catalog import cases, operations
from xunzhi.synth.columns import Array
from xunzhi.synth.month import Hospital
from xunzhi.synth.rates import Effect, Rates, all_rates
from xunzhi.synth.stays import StayMaker, first_day, month_number
from xunzhi.synth.world import stream

_FAR = np.datetime64("2200-01-01", "s")


@dataclass(frozen=True)
class Bank:
    """Many series of one length.

    `numerator`, `denominator`: series × months; `start`: first month of the fault, -1 for
    none; `factor`: what the rate is multiplied with.
    """

    rate: tuple[str, ...]
    department: tuple[str, ...]
    numerator: Array
    denominator: Array
    start: Array
    factor: Array

    def __len__(self) -> int:
        return len(self.rate)


def usable_rates() -> tuple[str, ...]:
    """Rates that are probabilities per stay or per operation, so that the model alone gives both counts."""
    return tuple(
        name
        for name, rate in all_rates().items()
        if rate.unit == "probability" and rate.per in ("stay", "operation") and rate.value > 0
    )


def opportunities(hospital: Hospital, name: str) -> Array:
    """Expected opportunities for a rate per discharge, by unit: 1 for stays, operations per stay for operations."""
    units, maker = hospital.units, hospital.stays
    per_stay: Array = np.ones(units.departments)
    if all_rates()[name].per == "operation":
        theatre = np.isin(operations()["category"], ("operation", "intervention"))
        each = cases().operation[:, theatre].sum(axis=1)
        per_stay = np.bincount(maker.department + 1, maker.share * each, minlength=units.departments + 1)[1:]
    return np.asarray(per_stay[units.department])


def series(hospital: Hospital, name: str, department: str, effects: Sequence[Effect] = ()) -> tuple[Array, Array]:
    """Numerator and denominator of a rate in a department, for each month of the hospital.

    Wards, their lasting effects and the effects of months are drawn as for the tables; counts are drawn anew.
    """
    units = hospital.units
    rates = Rates(units, hospital.seed, effects, smooth=hospital.smooth)
    maker = StayMaker(units, hospital.staff, rates, hospital.seed)
    mine = units.named(department)
    mine = mine[mine >= units.departments]
    share = opportunities(hospital, name)[mine]
    rng = stream(hospital.seed, "series", name, department)
    months = range(month_number(hospital.start), month_number(hospital.start) + hospital.months)
    expected = np.array([maker.expected(month)[mine - units.departments] for month in months])
    stays = maker.counts(rng, expected)
    chances = np.where(share >= 1, stays, rng.binomial(stays, np.minimum(share, 1.0)))
    when = np.repeat([first_day(month).astype("M8[s]") for month in months], len(mine))
    chance = rates.probability(name, np.tile(mine, len(months)), when).reshape(expected.shape)
    return rng.binomial(chances, chance).sum(axis=1), chances.sum(axis=1)


def bank(
    hospital: Hospital,
    count: int,
    *,
    fault_after: int | None = None,
    factors: tuple[float, ...] = (0.5, 0.67, 1.5, 2.0, 3.0),
    least: float = 3.0,
) -> Bank:
    """So many series of random rates and departments, each of a hospital with its own random effects.

    Args:
        hospital: size, first month and number of months; its seed decides everything.
        count: number of series.
        fault_after: put a fault into every series; it begins this many months after the start or up to a third of the
            rest later. None makes clean series.
        factors: what faulty rates are multiplied with, chosen at random among those that keep the rate below 0.98.
        least: expected numerator and expected failures per month that a chosen series must reach.
    """
    rng = stream(hospital.seed, "bank", count, 0 if fault_after is None else 1 + fault_after)
    choices = _choices(hospital, least)
    picked = rng.integers(0, len(choices), count)
    rows = []
    for number, place in enumerate(picked):
        name, department, chance = choices[place]
        start, factor, effects = -1, 1.0, []
        if fault_after is not None:
            fits = [each for each in factors if each * chance < 0.98]
            factor = float(rng.choice(fits))
            start = fault_after + int(rng.integers(0, max(1, (hospital.months - fault_after) // 3)))
            begin = first_day(month_number(hospital.start) + start).astype("M8[s]")
            effects = [Effect(name, hospital.units.named(department), begin, _FAR, factor)]
        one = Hospital(
            beds=hospital.beds, months=hospital.months, start=hospital.start, smooth=hospital.smooth,
            seed=int(rng.integers(1, 2**31)) + number,
        )  # fmt: skip
        rows.append((name, department, *_shared(hospital, one, name, department, effects), start, factor))
    names, departments, numerator, denominator, starts, multiplied = zip(*rows, strict=True)
    return Bank(names, departments, np.array(numerator), np.array(denominator), np.array(starts), np.array(multiplied))


def _shared(
    hospital: Hospital, one: Hospital, name: str, department: str, effects: Sequence[Effect]
) -> tuple[Array, Array]:
    """A series of `one`, which borrows departments and staff (they don't depend on the seed of the series)."""
    one.__dict__.update(units=hospital.units, staff=hospital.staff, stays=hospital.stays)
    return series(one, name, department, effects)


def _choices(hospital: Hospital, least: float) -> list[tuple[str, str, float]]:
    """Rates and departments with enough expected events and failures a month."""
    units, maker = hospital.units, hospital.stays
    volume = np.bincount(units.department[units.wards], maker.expected(month_number(hospital.start)))
    found = []
    for name in usable_rates():
        share = opportunities(hospital, name)
        for place in np.flatnonzero(volume > 0):
            chance = float(hospital.rates.typical(name, np.array([place]))[0])
            chances = volume[place] * share[place]
            if chances * chance >= least and chances * (1 - chance) >= least:
                found.append((name, units.codes[place], chance))
    return found
