"""Did the work help? The months before it against the months after it, on the same chart.

The level of each phase is Σ numerator / Σ denominator (values: their mean, weighted by cases where they are means).
Months of a phase vary more than chance among their cases alone; that overdispersion widens the intervals
(quasi-likelihood: McCullagh & Nelder, Generalized Linear Models, 1989, §4.5), with Student's t for a spread that was
estimated. The interval of the difference joins those of the two levels (MOVER: Zou & Donner, Stat Med 2008;27:1693).
A trend before the work is continued, without error of its own, and must be beaten too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from xunzhi.measures.charts import FRACTIONS, Block
from xunzhi.measures.intervals import LEVEL, byar, wilson

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_BEFORE, LEAST_AFTER = 6, 3
"""Months with cases that each phase needs; with fewer it is too early to say."""

LATEST = 3
"""The effect holds if these last months by themselves still differ from the months before the work."""

NEARLY_ALL = 1 - 1e-12
"""The widest level: with a single degree of freedom no normal interval is wide enough (and no verdict is given)."""

TREND_LEVEL = 0.05
"""A trend before the work counts if chance makes one so steep less often than this."""


class Verdict(StrEnum):
    """What can be said of the difference."""

    IMPROVED = "improved"
    WORSENED = "worsened"
    UNCHANGED = "unchanged"
    CHANGED = "changed"  # of an indicator without a good side
    TOO_EARLY = "too_early"


class Holding(StrEnum):
    """Whether the improvement is still there."""

    HOLDS = "holds"
    FADING = "fading"
    TOO_EARLY = "too_early"


@dataclass(frozen=True)
class Span:
    """Months from `first` to `last`, both included ("2026-03")."""

    first: str
    last: str

    def __contains__(self, month: str) -> bool:
        return self.first <= month <= self.last


@dataclass(frozen=True)
class Level:
    """The level of a phase with its 95 % interval, in units of the indicator, and the months it rests on."""

    value: float
    low: float
    high: float
    months: int


@dataclass(frozen=True)
class Effect:
    """What changed between two phases of a chart.

    Attributes:
        change: level after less level before, with `low` and `high` of its 95 % interval, in units of the indicator.
        dispersion: how many times more the months of a phase vary than chance among cases would make them (1: no more).
        trend_before: the level was already moving before the work; then `verdict` compares with that trend continued.
        reached: whether the level after is at the expected one or better; None if none was named.
    """

    verdict: Verdict
    holding: Holding
    before: Level
    after: Level
    change: float
    low: float
    high: float
    dispersion: float
    trend_before: bool
    reached: bool | None

    @property
    def proven(self) -> bool:
        """Whether a case may be closed as effective: better than before, and still so."""
        return self.verdict is Verdict.IMPROVED and self.holding is Holding.HOLDS


@dataclass(frozen=True)
class _Months:
    """Months with a value: their place in time, value per unit of scale, weight, and to which phase they belong."""

    at: Floats
    value: Floats
    weight: Floats
    before: Bools
    after: Bools

    def of(self, phase: Bools) -> tuple[Floats, Floats]:
        """Values and weights of a phase."""
        return self.value[phase], self.weight[phase]


def effect(block: Block, row: int, before: Span, after: Span, expected: float | None = None) -> Effect:
    """Compare two phases of a unit's chart; provisional months don't count.

    Args:
        block: the charts of an indicator.
        row: which unit.
        before: the baseline, from before the work began.
        after: from the month in which the measures were in place.
        expected: the level that was promised, in units of the indicator.
    """
    months, kind = _months(block, row, before, after), _kind(block)
    good = {"higher": 1, "lower": -1, "monitor": 0}[block.indicator.direction]
    scale = float(block.indicator.scale) if kind != "value" else 1.0
    spread = _dispersion(months, kind)
    level_before = _level(months, months.before, kind, spread)
    level_after = _level(months, months.after, kind, spread)
    change, low, high = _difference(level_before, level_after)
    trend = _slope(months)
    drift = 0.0
    if trend is not None:
        drift = trend * float(months.at[months.after].mean() - months.at[months.before].mean())
    enough = level_before.months >= LEAST_BEFORE and level_after.months >= LEAST_AFTER
    verdict = _verdict(low - drift, high - drift, low, high, good) if enough else Verdict.TOO_EARLY
    sized = [_sized(level, scale) for level in (level_before, level_after)]
    return Effect(
        verdict=verdict,
        holding=_holding(months, kind, spread, verdict, level_before),
        before=sized[0],
        after=sized[1],
        change=change * scale,
        low=low * scale,
        high=high * scale,
        dispersion=spread,
        trend_before=trend is not None,
        reached=_reached(sized[1].value, expected, good),
    )


def _kind(block: Block) -> str:
    fraction = block.chart in (*FRACTIONS, "g") and block.indicator.kind in ("proportion", "rate")
    return block.indicator.kind if fraction else "value"


def _months(block: Block, row: int, before: Span, after: Span) -> _Months:
    numerator, denominator = block.numerator[row], block.denominator[row]
    fraction = _kind(block) != "value"
    with np.errstate(divide="ignore", invalid="ignore"):
        value = numerator / denominator if fraction else block.value[row]
    counted = np.nan_to_num(denominator) > 0
    weight = denominator if fraction else np.where(counted & (block.chart == "xbar"), denominator, 1.0)
    known = np.isfinite(value) & ~block.provisional[row] & (counted | (not fraction))
    places = np.flatnonzero(known)
    inside = [np.array([block.months[place] in span for place in places], dtype=bool) for span in (before, after)]
    return _Months(places.astype(float), value[known], weight[known], inside[0], inside[1])


def _variance(level: float, kind: str) -> float:
    """Variance of one case or one unit of exposure, as chance alone makes it."""
    return {"proportion": level * (1 - level), "rate": level, "value": 1.0}[kind]


def _dispersion(months: _Months, kind: str) -> float:
    """Pearson's χ² of both phases around their own levels, per degree of freedom; at least 1 for counts."""
    chi, freedom = 0.0, 0
    for phase in (months.before, months.after):
        value, weight = months.of(phase)
        if len(value):
            level = float(np.average(value, weights=weight))
            variance = _variance(level, kind)
            chi += float((weight * (value - level) ** 2).sum() / variance) if variance else 0.0
            freedom += len(value) - 1
    found = chi / freedom if freedom > 0 else (1.0 if kind != "value" else np.nan)
    return float(max(found, 1.0)) if kind != "value" else float(found)


def _coverage(months: _Months, spread: float, kind: str, level: float = LEVEL) -> float:
    """The level at which a normal interval is as wide as Student's, where the spread was estimated."""
    freedom = int(months.before.sum() + months.after.sum()) - 2
    if freedom < 1 or (kind != "value" and spread <= 1):
        return level
    return min(float(2 * stats.norm.cdf(stats.t.ppf(0.5 + level / 2, freedom)) - 1), NEARLY_ALL)


def _level(months: _Months, phase: Bools, kind: str, spread: float, level: float = LEVEL) -> Level:
    value, weight = months.of(phase)
    if not len(value):
        return Level(np.nan, np.nan, np.nan, 0)
    total = float(weight.sum())
    mean = float((value * weight).sum() / total)
    cover = _coverage(months, spread, kind, level)
    if kind == "value":
        reach = float(stats.norm.ppf(0.5 + cover / 2) * np.sqrt(spread / total))
        return Level(mean, mean - reach, mean + reach, len(value))
    count, size = np.array([mean * total / spread]), np.array([total / spread])
    low, high = wilson(count, size, cover) if kind == "proportion" else _of_rate(count, size, cover)
    return Level(mean, float(low[0]), float(high[0]), len(value))


def _of_rate(count: Floats, size: Floats, level: float) -> tuple[Floats, Floats]:
    low, high = byar(count, level)
    return low / size, high / size


def _difference(before: Level, after: Level) -> tuple[float, float, float]:
    """After less before with its interval (MOVER)."""
    change = after.value - before.value
    low = change - np.hypot(after.value - after.low, before.high - before.value)
    high = change + np.hypot(after.high - after.value, before.value - before.low)
    return change, float(low), float(high)


def _slope(months: _Months) -> float | None:
    """Slope of the level before the work, per month, if there is one beyond chance."""
    value, weight = months.of(months.before)
    at = months.at[months.before]
    if len(value) < LEAST_BEFORE or np.allclose(value, value[0]):
        return None
    at_mean, mean = np.average(at, weights=weight), np.average(value, weights=weight)
    sxx = float((weight * (at - at_mean) ** 2).sum())
    slope = float((weight * (at - at_mean) * (value - mean)).sum() / sxx)
    rest = value - mean - slope * (at - at_mean)
    error = np.sqrt(float((weight * rest**2).sum()) / (len(value) - 2) / sxx)
    p = 2 * stats.t.sf(abs(slope) / error, len(value) - 2) if error > 0 else 0.0
    return slope if p < TREND_LEVEL else None


def _verdict(low: float, high: float, plain_low: float, plain_high: float, good: int) -> Verdict:
    """Changed only if it differs both from the level before and from where its trend led."""
    rose, fell = min(low, plain_low) > 0, max(high, plain_high) < 0
    if not rose and not fell:
        return Verdict.UNCHANGED
    if good == 0:
        return Verdict.CHANGED
    return Verdict.IMPROVED if rose == (good > 0) else Verdict.WORSENED


def _holding(months: _Months, kind: str, spread: float, verdict: Verdict, before: Level) -> Holding:
    """Whether the latest months alone still differ from the months before the work, the same way."""
    places = np.flatnonzero(months.after)
    if verdict is not Verdict.IMPROVED or len(places) < LEAST_AFTER:
        return Holding.TOO_EARLY
    latest = np.zeros_like(months.after)
    latest[places[-LATEST:]] = True
    change, low, high = _difference(before, _level(months, latest, kind, spread))
    whole = _level(months, months.after, kind, spread).value - before.value
    return Holding.HOLDS if change * whole > 0 and (low > 0 or high < 0) else Holding.FADING


def _sized(level: Level, scale: float) -> Level:
    return Level(level.value * scale, level.low * scale, level.high * scale, level.months)


def _reached(value: float, expected: float | None, good: int) -> bool | None:
    if expected is None or good == 0 or not np.isfinite(value):
        return None
    return value >= expected if good > 0 else value <= expected
