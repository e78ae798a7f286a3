"""How often do rules cry wolf? In-control run lengths and false alarms of any selection of rules, by simulation.

A null draws charts of processes in control: `normal()`, `binomial(0.1, 200)`, `poisson(3.0)`. By default limits are
estimated from the simulated points themselves, as in practice; with `known=True` they are the true ones, as in
textbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits, limits
from xunzhi.spc.conventions import STANDARD, Convention
from xunzhi.spc.patterns import Rule
from xunzhi.spc.rules import alarms

__all__ = ["Null", "RunLength", "binomial", "normal", "poisson", "run_length"]

Null = Callable[[np.random.Generator, tuple[int, int]], Limits]
"""Draws (series, points) of a process in control and returns its chart."""

SERIES = 10_000
"""Simulated series; the standard error of a probability is then at most 0.5 %."""


@dataclass(frozen=True)
class RunLength:
    """False alarms of a selection of rules on series in control.

    Attributes:
        points: points per series.
        series: number of simulated series.
        alarm_probability: share of series with at least one alarm within their points.
        point_probability: share of points at which a pattern becomes complete: the risk at each new month.
        average: in-control average run length; series without alarm count with all their points, as in the
            estimate of an exponential mean from censored data. Infinite without any alarm.
        first: point of the first alarm of each series, counted from 1; 0 where there was none.
    """

    points: int
    series: int
    alarm_probability: float
    point_probability: float
    average: float
    first: npt.NDArray[np.intp]

    def within(self, points: int) -> float:
        """Share of series with an alarm within the first so many points."""
        return float(((self.first > 0) & (self.first <= points)).mean())


def run_length(
    rules: Iterable[Rule], points: int, rng: np.random.Generator, *, null: Null | None = None, series: int = SERIES
) -> RunLength:
    """Simulate series in control and count when the rules first raise an alarm; the same seed, the same result.

    Args:
        rules: any selection of rules. Anhøj's judge whole series, so their alarm comes at the last point.
        points: points per series.
        rng: source of random numbers.
        null: process in control; `normal()` by default.
        series: number of simulated series.
    """
    chart = (null or normal())(rng, (series, points))
    raised = np.zeros(chart.value.shape, dtype=bool)
    for codes in alarms(chart, rules).values():
        raised |= codes != 0
    any_alarm = raised.any(axis=-1)
    first = np.where(any_alarm, raised.argmax(axis=-1) + 1, 0)
    hits = int(any_alarm.sum())
    watched = int(np.where(any_alarm, first, points).sum())
    return RunLength(
        points=points,
        series=series,
        alarm_probability=hits / series,
        point_probability=float(raised.mean()),
        average=watched / hits if hits else np.inf,
        first=first,
    )


def normal(*, known: bool = False, baseline: int | None = None, convention: Convention = STANDARD) -> Null:
    """Independent normal values on an I chart; `baseline` freezes limits after so many points."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Limits:
        values = rng.standard_normal(shape)
        if known:
            return limits("i", values, centre=0.0, sigma=1.0, convention=convention)
        return limits("i", values, baseline=_first(baseline, shape), convention=convention)

    return draw


def binomial(share: float, size: int, *, chart: str = "p", known: bool = False, baseline: int | None = None) -> Null:
    """Proportions with this expectation and denominator, on a p, p′ or np chart."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Limits:
        cases = rng.binomial(size, share, shape)
        centre = share if known else None
        return limits(chart, cases, np.full(shape, size), centre=centre, baseline=_first(baseline, shape))

    return draw


def poisson(
    mean: float, *, exposure: float | None = None, chart: str = "c", known: bool = False, baseline: int | None = None
) -> Null:
    """Counts with this expectation on a c chart, or on a u or u′ chart with an exposure per point."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Limits:
        events = rng.poisson(mean, shape)
        size = None if exposure is None else np.full(shape, exposure)
        centre = (mean if exposure is None else mean / exposure) if known else None
        return limits(chart, events, size, centre=centre, baseline=_first(baseline, shape))

    return draw


def _first(baseline: int | None, shape: tuple[int, int]) -> npt.NDArray[np.bool_] | None:
    return None if baseline is None else np.arange(shape[-1]) < baseline
