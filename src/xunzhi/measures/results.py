"""Indicator values: arithmetic on cubes, for months, quarters and years at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xunzhi.measures import intervals
from xunzhi.measures.coverage import Coverage
from xunzhi.measures.cube import HOSPITAL, Cube
from xunzhi.measures.faults import Fault, contradictions
from xunzhi.measures.frames import (
    Floats,
    Frame,
    Ints,
    Periods,
    Rolled,
    Space,
    lookup,
    quantile,
    roll_up,
)
from xunzhi.measures.periods import PERIOD_KINDS
from xunzhi.measures.plan import cells_of
from xunzhi.measures.result_rows import NO_CASES, NOT_COLLECTED, OK, SCHEMA, Rows
from xunzhi.standards import Aggregate, Indicator, Pack

__all__ = ["NOT_COLLECTED", "NO_CASES", "OK", "SCHEMA", "Arithmetic", "Parts", "follow_up", "sources"]


@dataclass(frozen=True)
class Parts:
    """What an indicator's value in each period is made of; arrays of one length."""

    who: Ints
    period: Ints
    numerator: Floats
    denominator: Floats
    value: Floats
    lower: Floats
    upper: Floats
    spread: Floats

    @property
    def key(self) -> Ints:
        """Who and period as one number."""
        return (self.who << Space.WIDTHS[3]) | self.period


@dataclass
class Arithmetic:
    """Turns the cubes of a catalogue into results.

    Args:
        pack: the catalogue.
        cubes: cube of each grain that the indicators need, over the months of the space.
        coverage: how far the facts reach, over all months.
        lake_version: stands beside each result.
        months: months that the periods are made of; all with facts if None.
        kinds: the kinds of periods wanted.
        periods: periods wanted ('2026-09', '2026Q3', '2026'); None for all.
        only: indicators wanted; None for all.
        known_faults: indicators that can't be computed, where more is known than these cubes show.
    """

    pack: Pack
    cubes: Mapping[str, Cube]
    coverage: Coverage
    lake_version: int
    months: Collection[str] | None = None
    kinds: Collection[str] = PERIOD_KINDS
    periods: Collection[str] | None = None
    only: Collection[str] | None = None
    known_faults: Sequence[Fault] | None = None

    @cached_property
    def space(self) -> Space:
        """Keys shared by all cubes."""
        return Space.of(self.coverage.all_months if self.months is None else self.months)

    @cached_property
    def faults(self) -> Sequence[Fault]:
        """Indicators that can't be computed."""
        return contradictions(self.pack, self.cubes, self.only) if self.known_faults is None else self.known_faults

    @cached_property
    def _faulty(self) -> set[str]:
        return {fault.indicator for fault in self.faults}

    @cached_property
    def frames(self) -> dict[str, Frame]:
        """Cubes as numpy columns."""
        return {name: Frame(self.space, cube) for name, cube in self.cubes.items()}

    def table(self) -> pa.Table:
        """All results. Indicators that can't be computed are left out and stand in `faults`."""
        rows = Rows()
        for kind in self.kinds:
            periods = self.space.periods(kind)
            done: dict[str, Parts] = {}
            for name, indicator in self.pack.indicators.items():
                parts = self._parts(indicator, periods, done) if self.only is None or name in self.only else None
                if parts is not None:
                    self._add(rows, indicator, periods, parts)
        return rows.table(self.space, self.lake_version)

    def _parts(self, indicator: Indicator, periods: Periods, done: dict[str, Parts]) -> Parts | None:
        """The indicator's parts, its references first."""
        if indicator.id in done:
            return done[indicator.id]
        if indicator.id in self._faulty:
            return None
        if not isinstance(indicator.revisions[0].numerator, Aggregate):
            parts = self._ratio_of_indicators(indicator, periods, done)
        else:
            parts = self._of_kind(indicator, periods)
        if parts is not None:
            done[indicator.id] = parts
        return parts

    def _of_kind(self, indicator: Indicator, periods: Periods) -> Parts:
        match indicator.kind:
            case "mean":
                return self._mean(indicator, periods)
            case "median" | "quantile":
                return self._quantile(indicator, periods)
            case "distinct":
                return self._distinct(indicator, periods)
            case "count" | "sum":
                return self._total(indicator, periods)
            case _:
                return self._fraction(indicator, periods)

    def _revisions(self, indicator: Indicator) -> Ints:
        """Position of the revision in force in each month; -1 before the first."""
        months = [date.fromisoformat(f"{month}-01") for month in self.space.months]
        starts = [revision.since for revision in indicator.revisions]
        return np.array([sum(start <= month for start in starts) - 1 for month in months], dtype=np.int64)

    def _rolled(self, indicator: Indicator, part: str, periods: Periods) -> Rolled:
        """The cells of a numerator or denominator by period, each month under its own revision."""
        in_force = self._revisions(indicator)
        who, period, columns = [], [], []
        for index, revision in enumerate(indicator.revisions):
            aggregate: Aggregate = getattr(revision, part)
            frame = self.frames[aggregate.grain]
            rows = in_force[frame.month] == index
            who.append(frame.who[rows])
            period.append(periods.of_month[frame.month[rows]])
            columns.append([frame.cell(cell.id)[rows] for cell in cells_of(aggregate)])
        joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
        return roll_up(np.concatenate(who), np.concatenate(period), joined)

    def _fraction(self, indicator: Indicator, periods: Periods) -> Parts:
        above, below = self._rolled(indicator, "numerator", periods), self._rolled(indicator, "denominator", periods)
        keys = np.union1d(above.key, below.key)
        keys = keys[np.isin(self.space.stratum(keys >> Space.WIDTHS[3]), self._common_strata(indicator))]
        missing = self._missing(indicator, keys, periods)
        numerator = lookup(keys, above.key, above.columns[0], np.nan)
        numerator = np.where(np.isnan(numerator), missing, numerator)
        denominator = lookup(keys, below.key, below.columns[0], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(denominator > 0, numerator / denominator, np.nan) * indicator.scale
            lower, upper = self._interval(indicator, numerator, denominator)
        return self._keyed(keys, numerator, denominator, value, lower * indicator.scale, upper * indicator.scale)

    def _common_strata(self, indicator: Indicator) -> Ints:
        """The strata in which numerator and denominator are both counted; elsewhere one is unknown, not zero."""
        sides = [part for revision in indicator.revisions for part in (revision.numerator, revision.denominator)]
        strata = [set(self.pack.grains[side.grain].strata) for side in sides if isinstance(side, Aggregate)]
        return np.array([self.space.strata.code(name) for name in (HOSPITAL, *set.intersection(*strata))])

    def _interval(self, indicator: Indicator, numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
        if indicator.kind == "proportion":
            return intervals.wilson(numerator, denominator)
        if indicator.kind == "rate":
            lower, upper = intervals.byar(numerator)
            empty = np.where(denominator > 0, denominator, np.nan)
            return lower / empty, upper / empty
        return np.full(len(numerator), np.nan), np.full(len(numerator), np.nan)

    def _missing(self, indicator: Indicator, keys: Ints, periods: Periods) -> Floats:
        """What an absent numerator means: zero while its source was collected, else unknown."""
        institution, period = self.space.institution(keys >> Space.WIDTHS[3]), keys & Space.PERIOD
        collected = np.full(len(keys), np.nan)
        ends = [(periods.first_month(place), periods.last_month(place)) for place in range(len(periods.names))]
        for code in np.unique(institution):
            span = self._span(indicator, self.space.institutions.texts[code])
            if span:
                inside = np.array([first <= span[1] and last >= span[0] for first, last in ends], dtype=bool)
                collected[(institution == code) & inside[period]] = 0.0
        return collected

    def _span(self, indicator: Indicator, institution: str) -> tuple[str, str] | None:
        grains = {
            revision.numerator.grain for revision in indicator.revisions if isinstance(revision.numerator, Aggregate)
        }
        spans = [span for grain in grains if (span := self.coverage.months(grain, institution))]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    def _mean(self, indicator: Indicator, periods: Periods) -> Parts:
        rolled = self._rolled(indicator, "numerator", periods)
        n, total, squares = rolled.columns
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n > 0, total / n, np.nan)
            spread = np.where(n > 1, np.sqrt(np.maximum(squares - n * mean**2, 0) / (n - 1)), np.nan)
        lower, upper = intervals.of_mean(mean, spread, n)
        scale = indicator.scale
        return self._keyed(rolled.key, total, n, mean * scale, lower * scale, upper * scale, spread * scale)

    def _total(self, indicator: Indicator, periods: Periods) -> Parts:
        rolled = self._rolled(indicator, "numerator", periods)
        total = rolled.columns[0]
        nothing = np.full(len(total), np.nan)
        return self._keyed(rolled.key, total, nothing, total * indicator.scale, nothing, nothing)

    def _kept(self, indicator: Indicator, periods: Periods) -> tuple[Ints, Floats, Ints, list[str | None]]:
        """Keys, values, numbers of rows and items of a quantile or distinct count."""
        in_force = self._revisions(indicator)
        keys, values, numbers = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0, np.int64)]
        items: list[str | None] = []
        for index, revision in enumerate(indicator.revisions):
            aggregate = revision.numerator
            if not isinstance(aggregate, Aggregate):
                continue
            who, month, value, n, item = self.frames[aggregate.grain].values(cells_of(aggregate)[0].id)
            rows = in_force[month] == index
            keys.append((who[rows] << Space.WIDTHS[3]) | periods.of_month[month[rows]])
            values.append(value[rows])
            numbers.append(n[rows])
            items += [text for text, keep in zip(item, rows, strict=False) if keep]
        return np.concatenate(keys), np.concatenate(values), np.concatenate(numbers), items

    def _quantile(self, indicator: Indicator, periods: Periods) -> Parts:
        keys, values, n, _ = self._kept(indicator, periods)
        unique, group = np.unique(keys, return_inverse=True)
        q = indicator.revisions[-1].numerator.q if isinstance(indicator.revisions[-1].numerator, Aggregate) else None
        point = quantile(group, len(unique), values, n, q or 0.5) * indicator.scale
        total = np.bincount(group, weights=n, minlength=len(unique)).astype(float)
        nothing = np.full(len(unique), np.nan)
        return self._keyed(unique, nothing, total, point, nothing, nothing)

    def _distinct(self, indicator: Indicator, periods: Periods) -> Parts:
        keys, _, _, items = self._kept(indicator, periods)
        codes = np.unique(np.array(items, dtype=str), return_inverse=True)[1] if items else np.empty(0, np.int64)
        pairs = np.unique(np.stack([keys, codes]), axis=1)
        unique, counts = np.unique(pairs[0], return_counts=True)
        number = counts.astype(float)
        nothing = np.full(len(unique), np.nan)
        return self._keyed(unique, number, nothing, number * indicator.scale, nothing, nothing)

    def _ratio_of_indicators(self, indicator: Indicator, periods: Periods, done: dict[str, Parts]) -> Parts | None:
        revision = indicator.revisions[-1]
        sides = []
        for part in (revision.numerator, revision.denominator):
            name = getattr(part, "indicator", "")
            parts = self._parts(self.pack.indicators[name], periods, done)
            if parts is None:
                return None
            sides.append(parts)
        keys = np.intersect1d(sides[0].key, sides[1].key)
        numerator, denominator = (lookup(keys, side.key, side.value, np.nan) for side in sides)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(denominator > 0, numerator / denominator, np.nan) * indicator.scale
        nothing = np.full(len(keys), np.nan)
        return self._keyed(keys, numerator, denominator, value, nothing, nothing)

    @staticmethod
    def _keyed(
        keys: Ints,
        numerator: Floats,
        denominator: Floats,
        value: Floats,
        lower: Floats,
        upper: Floats,
        spread: Floats | None = None,
    ) -> Parts:
        spread = np.full(len(keys), np.nan) if spread is None else spread
        return Parts(keys >> Space.WIDTHS[3], keys & Space.PERIOD, numerator, denominator, value, lower, upper, spread)

    def _add(self, rows: Rows, indicator: Indicator, periods: Periods, parts: Parts) -> None:
        """Add one indicator's rows: whole institutions always, other units where there is something to count."""
        revision, broken = self._in_force(indicator, periods)
        wanted = np.array([self._is_wanted(periods, place) for place in range(len(periods.names))], dtype=bool)
        keep = (
            self.space.is_hospital(parts.who)
            | (np.nan_to_num(parts.denominator) > 0)
            | (np.nan_to_num(parts.numerator) > 0)
        ) & (wanted & (revision >= 0))[parts.period]
        if not keep.any():
            return
        who, period = parts.who[keep], parts.period[keep]
        starts = [item.since.isoformat() for item in indicator.revisions]
        rows.add(
            count=len(who),
            who=who,
            broken=broken[period],
            provisional=self._provisional(indicator, who, period, periods),
            status=_status(parts.numerator[keep], parts.value[keep], parts.denominator[keep]),
            period_kind=[periods.kind],
            indicator=[indicator.id],
            period=[periods.names, period],
            revision=[starts, revision[period]],
            **{name: getattr(parts, name)[keep] for name in FIGURES},
        )

    def _is_wanted(self, periods: Periods, place: int) -> bool:
        """Whether results of a period are wanted: not before it has begun (facts can be dated by a day to come)."""
        begun = periods.first_month(place) <= self.coverage.as_of.isoformat()[:7]
        return begun and (self.periods is None or periods.names[place] in self.periods)

    def _in_force(self, indicator: Indicator, periods: Periods) -> tuple[Ints, NDArray[np.bool_]]:
        """The last revision in force in each period, and whether an earlier one was in force in part of it."""
        of_period = self._revisions(indicator)
        last = np.full(len(periods.names), -1, np.int64)
        first = np.full(len(periods.names), len(indicator.revisions), np.int64)
        np.maximum.at(last, periods.of_month, of_period)
        np.minimum.at(first, periods.of_month, of_period)
        return last, (first != last)

    def _provisional(self, indicator: Indicator, who: Ints, period: Ints, periods: Periods) -> NDArray[np.bool_]:
        windows = follow_up(self.pack, indicator)
        institution = self.space.institution(who)
        found = np.zeros(len(who), dtype=bool)
        last_months = [periods.last_month(place) for place in range(len(periods.names))]
        for code in np.unique(institution):
            name = self.space.institutions.texts[code]
            late = [
                any(self.coverage.provisional(grain, name, month, days) for grain, days in windows.items())
                for month in last_months
            ]
            found |= (institution == code) & np.array(late, dtype=bool)[period]
        return found


FIGURES = ("numerator", "denominator", "value", "lower", "upper", "spread")


def sources(pack: Pack, indicator: Indicator) -> Iterator[tuple[str, Aggregate]]:
    """The aggregates behind an indicator, those of the indicators it refers to included."""
    for revision in indicator.revisions:
        for part in (revision.numerator, revision.denominator):
            if isinstance(part, Aggregate):
                yield part.grain, part
            elif part is not None:
                yield from sources(pack, pack.indicators[part.indicator])


def follow_up(pack: Pack, indicator: Indicator) -> dict[str, int]:
    """The grains behind an indicator, each with the days for which what the indicator asks of its rows may change."""
    windows: dict[str, int] = {}
    for grain, aggregate in sources(pack, indicator):
        days = pack.grains[grain].follow_up_days(aggregate.expression, aggregate.where)
        windows[grain] = max(days, windows.get(grain, 0))
    return windows


def _status(numerator: Floats, value: Floats, denominator: Floats) -> Ints:
    """Position in `STATUSES` of each row."""
    unknown = np.isnan(numerator) & ~np.isnan(denominator) & (denominator > 0) & np.isnan(value)
    return np.where(unknown, 2, np.where(np.isnan(value), 1, 0))
