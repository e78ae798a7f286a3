"""Many charts at once: a p-value for the latest points of each, and how many false alarms to expect among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc, gammaincc, ndtr

from xunzhi.spc.charts import Limits
from xunzhi.spc.tracks import track_of

__all__ = ["adjust", "alarm_p_values", "discoveries", "expected_false_alarms", "p_values"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Latest:
    """The latest points of each series, arrays (…, window)."""

    value: Floats
    centre: Floats
    sigma: Floats
    size: Floats
    z: Floats
    complete: npt.NDArray[np.bool_]


def p_values(limits: Limits, *, window: int = 1) -> Floats:
    """Two-sided p-value of the latest point, or of the latest `window` points taken together, of each series (…).

    Exact binomial for p and np charts, Poisson for u and c, geometric for single points of g; normal by the
    standardised points for the others, so that overdispersion is allowed for on p′ and u′ charts. Twice the smaller
    tail, at most 1. The centre line counts as known. Counts of several points add up, others are pooled as Σz/√window.

    Args:
        limits: a calculated chart; the points judged are best kept out of its baseline.
        window: number of latest points that are not missing, all of the latest phase; NaN where there are fewer.
    """
    if limits.value.shape[-1] < window:
        return np.full(limits.value.shape[:-1], np.nan)
    latest = _latest(limits, window)
    law = _LAWS.get(limits.chart)
    if law is None or (limits.chart == "g" and window > 1):
        p = 2 * ndtr(-np.abs(latest.z.sum(axis=-1)) / np.sqrt(window))
    else:
        at_most, at_least = law(latest)
        p = np.minimum(2 * np.minimum(at_most, at_least), 1.0)
    return np.where(latest.complete, p, np.nan)


def alarm_p_values(alarmed: npt.ArrayLike, alarm_probability: npt.ArrayLike) -> Floats:
    """p-values of charts judged by a set of rules: the simulated probability of a false alarm where they alarm, else 1.

    Args:
        alarmed: True for each chart on which the rules raised an alarm.
        alarm_probability: of the same rules on a chart in control (`run_length`), one value or one per chart.
    """
    return np.where(np.asarray(alarmed, dtype=bool), np.asarray(alarm_probability, dtype=float), 1.0)


def adjust(p: npt.ArrayLike, *, method: Literal["bh", "by"] = "bh") -> Floats:
    """Adjusted p-values (q-values): reporting all charts at or below q keeps the share of false ones at q.

    Args:
        p: p-values of any shape; NaN is no test and stays NaN.
        method: Benjamini–Hochberg 1995, or Benjamini–Yekutieli 2001 for any dependence between charts.
    """
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    tested = ~np.isnan(values)
    ordered = np.sort(values[tested])
    tests = np.arange(1, ordered.size + 1)
    penalty = (1 / tests).sum() if method == "by" else 1.0
    steps = np.minimum(np.minimum.accumulate((ordered * ordered.size * penalty / tests)[::-1])[::-1], 1.0)
    adjusted[tested] = steps[np.searchsorted(ordered, values[tested], side="right") - 1]
    return adjusted


def discoveries(p: npt.ArrayLike, *, rate: float = 0.1, method: Literal["bh", "by"] = "bh") -> npt.NDArray[np.bool_]:
    """Charts to report so that at most this share of them is false on average."""
    return np.asarray(adjust(p, method=method) <= rate)


def expected_false_alarms(alarm_probability: npt.ArrayLike, charts: int = 1) -> float:
    """Expected number of false alarms in a scan: one probability for so many charts, or one for each chart."""
    return float(np.sum(np.asarray(alarm_probability, dtype=float)) * charts)


def _latest(limits: Limits, window: int) -> _Latest:
    track, order = track_of(limits)
    index = track.present.sum(axis=-1, keepdims=True) + np.arange(-window, 0)
    place = np.maximum(index, 0)

    def take(points: npt.ArrayLike) -> Floats:
        values = np.broadcast_to(np.asarray(points, dtype=float), limits.value.shape)
        packed = values if order is None else np.take_along_axis(values, order, axis=-1)
        return np.take_along_axis(packed, place, axis=-1)

    complete = (index[..., 0] >= 0) & (np.ptp(take(limits.phase), axis=-1) == 0)
    size = take(1.0 if limits.n is None else limits.n)
    return _Latest(take(limits.value), take(limits.centre), take(limits.sigma), size, take(limits.z), complete)


def _binomial(latest: _Latest, *, counted: bool) -> tuple[Floats, Floats]:
    weight = 1.0 if counted else latest.size
    cases = np.rint((latest.value * weight).sum(axis=-1))
    trials = latest.size.sum(axis=-1)
    share = np.clip((latest.centre * weight).sum(axis=-1) / trials, 0.0, 1.0)
    at_most = np.where(cases < trials, betainc(np.maximum(trials - cases, 1), cases + 1, 1 - share), 1.0)
    at_least = np.where(cases > 0, betainc(np.maximum(cases, 1), trials - cases + 1, share), 1.0)
    return at_most, at_least


def _poisson(latest: _Latest) -> tuple[Floats, Floats]:
    events = np.rint((latest.value * latest.size).sum(axis=-1))
    mean = (latest.centre * latest.size).sum(axis=-1)
    return gammaincc(events + 1, mean), np.where(events > 0, gammainc(np.maximum(events, 1), mean), 1.0)


def _geometric(latest: _Latest) -> tuple[Floats, Floats]:
    cases = latest.value[..., 0]
    mean = (np.sqrt(1 + 4 * latest.sigma[..., 0] ** 2) - 1) / 2  # σ² = mean (mean + 1); the centre line is a median
    stay = mean / (1 + mean)
    return 1 - stay ** (cases + 1), stay**cases


_LAWS: Mapping[str, Callable[[_Latest], tuple[Floats, Floats]]] = {
    "p": partial(_binomial, counted=False),
    "np": partial(_binomial, counted=True),
    "u": _poisson,
    "c": _poisson,
    "g": _geometric,
}
