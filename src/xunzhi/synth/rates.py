"""Rates with their random effects and a scenario's faults: the one place that decides an event's probability."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from xunzhi.synth.catalog import read
from xunzhi.synth.columns import Array, minutes
from xunzhi.synth.world import Units, stream

MOST_STAFF = 50_000


class Rate(BaseModel):
    """One entry of rates.yaml.

    `value` is a probability (per stay, per day …: see `per`) or, with unit `minutes`, a median time.
    `spread`: standard deviation of department effects on the logit (log for minutes); wards and doctors get half of it;
    `month`: the same for department-months. `by`: values of single departments, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Annotated[float, Field(ge=0)]
    per: str
    source: str = "assumed"
    unit: str = "probability"
    spread: float = 0.15
    month: float = 0.05
    by: dict[str, float] = {}
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()


@cache
def all_rates() -> dict[str, Rate]:
    """rates.yaml, checked."""
    data = read("../rates")
    return {name: Rate.model_validate(value) for name, value in data.items()}


@dataclass(frozen=True)
class Effect:
    """A fault as the rates see it: from `start` until `end`, in `units`, `rate` is multiplied by `factor`.

    A drift multiplies by `factor` once more with each further month.
    """

    rate: str
    units: Array
    start: np.datetime64
    end: np.datetime64
    factor: float
    drift: bool = False

    def at(self, unit: Array, when: Array) -> Array:
        """The factor for each row: 1 outside the place and time of the fault."""
        inside = np.isin(unit, self.units) & (when >= self.start) & (when < self.end)
        if not self.drift:
            return np.where(inside, self.factor, 1.0)
        months = (when - self.start).astype("m8[s]").astype(np.float64) / (30.44 * 86_400)
        return np.where(inside, self.factor ** (np.floor(np.where(inside, months, 0.0)) + 1), 1.0)


class Rates:
    """Draws events and times. `smooth=True` leaves all random effects out, so that rates equal rates.yaml."""

    def __init__(self, units: Units, seed: int, effects: Iterable[Effect] = (), *, smooth: bool = False):
        self.units, self.seed, self.smooth = units, seed, smooth
        self.effects: dict[str, list[Effect]] = {}
        for effect in effects:
            self.effects.setdefault(effect.rate, []).append(effect)
        self._typical: dict[str, Array] = {}
        self._people: dict[str, Array] = {}

    def typical(self, name: str, unit: Array) -> Array:
        """The value at each unit with its lasting effects, without faults."""
        if name not in self._typical:
            self._typical[name] = self._by_unit(name)
        return self._typical[name][unit]

    def _by_unit(self, name: str) -> Array:
        rate, units = all_rates()[name], self.units
        names = np.array(units.names)
        value = np.full(len(names), rate.value)
        for department, own in rate.by.items():
            value[np.isin(units.department, np.flatnonzero(names == department))] = own
        if self.smooth:
            return value
        rng = stream(self.seed, "effect", name)
        departments, wards = rng.normal(0, rate.spread, len(names)), rng.normal(0, rate.spread / 2, len(names))
        shift = departments[units.department] + np.where(np.arange(len(names)) < units.departments, 0, wards)
        return _shifted(value, shift, rate.unit)

    def factor(self, name: str, unit: Array, when: Array) -> Array:
        """What faults multiply `name` with, row by row."""
        product = np.ones(len(unit))
        for effect in self.effects.get(name, ()):
            product *= effect.at(unit, when)
        return product

    def level(self, name: str, unit: Array) -> Array:
        """A lasting multiplier around 1 (units differ a little in everything)."""
        return self.typical(name, unit)

    def probability(self, name: str, unit: Array, when: Array, person: Array | None = None) -> Array:
        """The value for each row: unit, its month, the doctor, faults; probabilities stay below 0.995."""
        value = self.typical(name, unit)
        rate = all_rates()[name]
        if not self.smooth and rate.month and len(unit):
            value = _shifted(value, self._months(name, unit, when, rate.month), rate.unit)
        if not self.smooth and rate.spread and person is not None:
            value = _shifted(value, self._person(name, rate.spread / 2)[person % MOST_STAFF], rate.unit)
        value = value * self.factor(name, unit, when)
        return value if rate.unit != "probability" else np.minimum(value, np.maximum(0.995, rate.value))

    def _months(self, name: str, unit: Array, when: Array, sd: float) -> Array:
        month = when.astype("M8[M]").astype(np.int64)
        months, place = np.unique(month, return_inverse=True)
        table = np.array(
            [stream(self.seed, "month", name, int(m)).normal(0, sd, len(self.units.names)) for m in months]
        )
        return np.asarray(table[place, self.units.department[unit]])

    def _person(self, name: str, sd: float) -> Array:
        """What single people add to a rate, by their place among the staff."""
        if name not in self._people:
            self._people[name] = stream(self.seed, "person", name).normal(0, sd, MOST_STAFF)
        return self._people[name]

    def hit(self, rng: np.random.Generator, name: str, unit: Array, when: Array, person: Array | None = None) -> Array:
        """Whether the event happens, for each row."""
        return rng.random(len(unit)) < self.probability(name, unit, when, person)

    def delay(self, rng: np.random.Generator, name: str, unit: Array, when: Array, sigma: float = 0.5) -> Array:
        """A lognormal time after `when`, median by rate `name` (in minutes), as timedelta."""
        return minutes(self.probability(name, unit, when) * np.exp(sigma * rng.normal(size=len(unit))))

    def within(self, rng: np.random.Generator, name: str, unit: Array, when: Array, limit: float) -> Array:
        """A time after `when`: within `limit` hours with the probability `name`, else up to three times later."""
        good = self.hit(rng, name, unit, when)
        early = 0.02 + 0.93 * rng.beta(1.6, 2.6, len(unit))
        late = 1.05 + np.minimum(rng.exponential(0.8, len(unit)), 2.0)
        return when + minutes(np.where(good, early, late) * limit * 60)


def _shifted(value: Array, shift: Array, unit: str) -> Array:
    if unit != "probability":
        return np.asarray(value * np.exp(shift))
    odds = value / np.maximum(1 - value, 1e-12) * np.exp(shift)
    return np.where(value >= 1, value, odds / (1 + odds))
