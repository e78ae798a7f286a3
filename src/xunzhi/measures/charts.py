"""Control charts of indicators: results laid out as units × months, with limits and marks, many charts at once."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from xunzhi import spc
from xunzhi.measures.cube import HOSPITAL
from xunzhi.measures.frames import Names
from xunzhi.measures.periods import shifted
from xunzhi.measures.reading import Readings
from xunzhi.standards import Indicator
from xunzhi.standards.manifest import Manifest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RECENT = 12
"""Unless a baseline is recorded, limits come from all but the latest twelve points, so that a new shift can't hide …"""

LEAST = 12
"""… as long as so many points remain; else from all points."""

RARE = 1.5
"""With fewer events a month than this on average, the chart counts cases or days between events instead."""


FRACTIONS = ("p", "pp", "u", "up")
"""Charts computed from numerator and denominator; the others from the values themselves."""


class Baseline(BaseModel):
    """A recorded decision from which months limits are computed: who, why, and from when it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    indicator: str
    institution: str = Field(default="", description="code; empty: every institution of the installation")
    stratum: str = HOSPITAL
    unit: str = ""
    first: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    last: str = Field(alias="to", pattern=r"^\d{4}-\d{2}$")
    new_phase: bool = Field(default=False, description="the first month begins a new phase of the chart")
    author: str
    reason: str
    decided: date
    number: int | None = Field(default=None, description="of a decision taken in the browser")


def read_baselines(file: Path) -> tuple[Baseline, ...]:
    """The recorded baselines of an installation (baselines.yaml: a list); none if there is no file."""
    if not file.is_file():
        return ()
    return tuple(Baseline.model_validate(item) for item in yaml.safe_load(file.read_text(encoding="utf-8")) or [])


@dataclass(frozen=True)
class Block:
    """The charts of one indicator for all units of a stratum.

    Arrays are (units, months), but those of `limits`, `marks`, `verdicts` and `month_of_point` are (units, points): for
    charts of cases or days between events the points are events, else months. `month_of_point` is -1 where no point is,
    `p` the p-value of each unit's latest point.
    """

    indicator: Indicator
    institution: str
    stratum: str
    units: tuple[str, ...]
    months: tuple[str, ...]
    chart: str
    numerator: Floats
    denominator: Floats
    value: Floats
    provisional: NDArray[np.bool_]
    revision: Ints
    limits: spc.Limits
    p: Floats
    marks: Mapping[spc.Rule, NDArray[np.int8]]
    alarms: Mapping[spc.Rule, NDArray[np.int8]]
    verdicts: NDArray[np.int8]
    month_of_point: Ints

    def unit(self, name: str) -> int:
        """The row of a unit."""
        return self.units.index(name)


def rule_of(code: str) -> spc.Rule:
    """A rule by its code: one of a rule set, or shift_8, trend_6 with any length.

    Raises:
        ValueError: for an unknown code.
    """
    known = {rule.code: rule for rules in spc.RULE_SETS.values() for rule in rules}
    if code in known:
        return known[code]
    lengths = re.fullmatch(r"(shift|trend)_(\d+)", code)
    if not lengths:
        raise ValueError(f"no signal rule {code!r}; there are {', '.join(sorted(known))}, shift_N and trend_N")
    rule: spc.Rule = spc.RULES[lengths[1]](length=int(lengths[2]))  # type: ignore[call-arg]
    return rule


def rules_of(manifest: Manifest, indicator: Indicator) -> tuple[spc.Rule, ...]:
    """The rules that judge an indicator: its own, else the pack's for its chart."""
    usual = manifest.run_rules if indicator.chart == "run" else ()
    return tuple(rule_of(code) for code in indicator.rules or usual or manifest.rules)


def blocks(
    readings: Readings,
    institution: str,
    stratum: str = HOSPITAL,
    *,
    through: str | None = None,
    indicators: Collection[str] | None = None,
    baselines: Sequence[Baseline] = (),
) -> dict[str, Block]:
    """The charts of all indicators (or some) for all units of a stratum, up to a month.

    Args:
        readings: stored results.
        institution: whose.
        stratum: which units; the whole institution by default.
        through: last month shown and judged; the newest if None.
        indicators: only these.
        baselines: recorded baselines and phases.
    """
    table = readings.series(institution, stratum, indicators=indicators)
    names = Names()
    code = names.encode(table["indicator"])
    found = {}
    for name in readings.pack.indicators if indicators is None else indicators:
        rows = np.flatnonzero(code == names.code(name))
        if len(rows):
            laid = _lay_out(table.take(pa.array(rows)), through)
            if laid.months:
                indicator = readings.pack.indicators[name].of(institution)
                rules = rules_of(readings.pack.manifest, indicator)
                found[name] = chart(indicator, laid, rules, institution, stratum, baselines)
    return found


@dataclass(frozen=True)
class Laid:
    """Results of an indicator as matrices (units, months); NaN where there is none.

    `spread`: standard deviation within the month; `revision`: place of the definition in force in a list.
    """

    units: tuple[str, ...]
    months: tuple[str, ...]
    numerator: Floats
    denominator: Floats
    value: Floats
    spread: Floats
    provisional: NDArray[np.bool_]
    revision: Ints


def _lay_out(table: pa.Table, through: str | None) -> Laid:
    periods, units = Names(), Names()
    period, unit = periods.encode(table["period"]), units.encode(table["unit"])
    last = max(periods.texts) if through is None else through
    months = _between(min(periods.texts), last)
    place = {month: index for index, month in enumerate(months)}
    at = np.array([place.get(name, -1) for name in periods.texts], dtype=np.int64)[period]
    keep = at >= 0
    shape = len(units.texts), len(months)

    def matrix(column: str) -> Floats:
        filled = np.full(shape, np.nan)
        filled[unit[keep], at[keep]] = table[column].cast(pa.float64()).to_numpy()[keep]
        return filled

    provisional = np.zeros(shape, dtype=bool)
    provisional[unit[keep], at[keep]] = table["provisional"].to_numpy()[keep]
    revisions = Names()
    revision = np.full(shape, -1, dtype=np.int64)
    revision[unit[keep], at[keep]] = revisions.encode(table["revision"])[keep]
    return Laid(
        tuple(units.texts),
        months,
        matrix("numerator"),
        matrix("denominator"),
        matrix("value"),
        matrix("spread"),
        provisional,
        _filled_forward(revision),
    )


def _filled_forward(revision: Ints) -> Ints:
    """A month without cases keeps the definition of the month before."""
    return np.maximum.accumulate(revision, axis=1) if revision.size else revision


def _between(first: str, last: str) -> tuple[str, ...]:
    months = []
    while first <= last:
        months.append(first)
        first = shifted(first, 1)
    return tuple(months)


def chart(
    indicator: Indicator,
    laid: Laid,
    rules: Sequence[spc.Rule],
    institution: str,
    stratum: str = HOSPITAL,
    baselines: Sequence[Baseline] = (),
) -> Block:
    """The charts of one indicator for all units: which chart, which limits, what the rules find."""
    kind = _chart_of(indicator, laid)
    held = [one for one in baselines if one.institution in ("", institution)]
    phase, base = _phases(indicator, stratum, laid, held)
    if kind in ("g", "t"):
        points, month = _between_events(kind, laid)
        limits = spc.limits(kind, points, baseline=_of_points(base, month), phases=_of_points(phase, month))
    else:
        month = np.broadcast_to(np.arange(len(laid.months)), laid.value.shape)
        limits = _monthly_limits(kind, laid, phase, base)
    marks, alarms = spc.signals(limits, rules), spc.alarms(limits, rules)
    good = {"higher": 1, "lower": -1, "monitor": 0}[indicator.direction] * (-1 if kind in ("g", "t") else 1)
    verdicts = spc.variation(marks, good)
    p = spc.p_values(limits)
    if kind in FRACTIONS:
        limits = limits.scaled(indicator.scale)
    return Block(
        indicator, institution, stratum, laid.units, laid.months, kind, laid.numerator, laid.denominator, laid.value,
        laid.provisional, laid.revision, limits, p, marks, alarms, verdicts, month,
    )  # fmt: skip


def _chart_of(indicator: Indicator, laid: Laid) -> str:
    """The indicator's chart, or the one for rare events where they are rare in every unit."""
    if indicator.chart not in FRACTIONS or indicator.kind not in ("proportion", "rate"):
        return indicator.chart
    counted = np.nan_to_num(laid.denominator) > 0
    events = np.where(counted, np.nan_to_num(laid.numerator), 0).sum()
    return "g" if events < RARE * counted.sum() and _whole(laid.denominator) else indicator.chart


def _whole(numbers: Floats) -> bool:
    known = numbers[~np.isnan(numbers)]
    return bool(np.all(known == np.floor(known)))


def _monthly_limits(chart: str, laid: Laid, phase: Ints, base: NDArray[np.bool_]) -> spc.Limits:
    if chart in FRACTIONS:
        drawable = np.nan_to_num(laid.denominator) > 0
        if spc.CHARTS[chart].whole:  # a rate may exceed one where its facts are wrong; that is no point of a p chart
            drawable &= ~(laid.numerator > laid.denominator)
        numerator = np.where(drawable, laid.numerator, np.nan)
        denominator = np.where(np.isnan(numerator), np.nan, laid.denominator)
        return spc.limits(chart, numerator, denominator, phases=phase, baseline=base)
    if chart == "xbar":
        n = np.where(laid.denominator > 1, laid.denominator, np.nan)
        return spc.limits(chart, laid.value, n, spread=laid.spread, phases=phase, baseline=base)
    return spc.limits(chart, laid.value, phases=phase, baseline=base)


def _phases(
    indicator: Indicator, stratum: str, laid: Laid, baselines: Sequence[Baseline]
) -> tuple[Ints, NDArray[np.bool_]]:
    """Phase and baseline of each point: a change of definition begins a phase, and so does a recorded decision."""
    shape = laid.value.shape
    phase = np.zeros(shape, dtype=np.int64)
    phase[:, 1:] = np.cumsum(np.diff(laid.revision, axis=1) != 0, axis=1)
    base = np.ones(shape, dtype=bool)
    for row, unit in enumerate(laid.units):
        decided = [b for b in baselines if (b.indicator, b.stratum, b.unit) == (indicator.id, stratum, unit)]
        for item in sorted(decided, key=lambda b: b.decided):
            inside = np.array([item.first <= month <= item.last for month in laid.months])
            if item.new_phase:
                phase[row] += np.array([month >= item.first for month in laid.months])
            base[row] = (
                np.where(phase[row] == phase[row][inside].max(initial=0), inside, base[row])
                if inside.any()
                else base[row]
            )
        if not decided:
            base[row] = _usual_baseline(laid, row, phase[row])
    return phase, base


def _usual_baseline(laid: Laid, row: int, phase: Ints) -> NDArray[np.bool_]:
    """All points of the last phase but the latest twelve and those not complete, if enough remain."""
    known = ~np.isnan(laid.value[row]) & ~laid.provisional[row]
    last = known & (phase == phase.max(initial=0))
    early = last & (np.arange(len(known)) < len(known) - RECENT)
    chosen = early if early.sum() >= LEAST else last
    baseline: NDArray[np.bool_] = np.where(phase == phase.max(initial=0), chosen, known)
    return baseline


def _of_points(monthly: NDArray[np.generic], month: Ints) -> NDArray[np.generic]:
    """A monthly matrix at the months of points."""
    return np.take_along_axis(monthly, np.maximum(month, 0), axis=1)


def _between_events(chart: Literal["g", "t"] | str, laid: Laid) -> tuple[Floats, Ints]:
    """Cases (g) or days (t) between events, one point per event, and the month of each.

    Events of a month are taken to lie evenly among its cases or days: monthly counts don't tell more.
    """
    days = np.array([monthrange(int(month[:4]), int(month[5:]))[1] for month in laid.months], dtype=float)
    opportunity = np.nan_to_num(laid.denominator) if chart == "g" else np.broadcast_to(days, laid.value.shape)
    rows = [
        _gaps(np.nan_to_num(n).astype(np.int64), cases) for n, cases in zip(laid.numerator, opportunity, strict=True)
    ]
    width = max(1, *(len(gaps) for gaps, _ in rows))
    points, month = np.full((len(rows), width), np.nan), np.full((len(rows), width), -1, dtype=np.int64)
    for row, (gaps, months) in enumerate(rows):
        points[row, : len(gaps)], month[row, : len(gaps)] = gaps, months
    return points, month


def _gaps(events: Ints, opportunity: Floats) -> tuple[Floats, Ints]:
    month = np.repeat(np.arange(len(events)), events)
    if not len(month):
        return np.empty(0), month
    order = np.arange(len(month)) - np.repeat(np.cumsum(events) - events, events)
    begin = np.cumsum(opportunity) - opportunity
    position = begin[month] + opportunity[month] * (order + 0.5) / events[month]
    gaps = np.diff(position, prepend=0.0)
    return np.maximum(np.round(gaps), 0.0), month
