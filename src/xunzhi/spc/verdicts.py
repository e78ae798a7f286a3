"""What a chart means: is it getting better or worse (variation), and will it meet its target (assurance)?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits
from xunzhi.spc.patterns import BOTH_SIDES, HIGH, LOW, UNSIDED, Rule

__all__ = ["Assurance", "Direction", "Variation", "assurance", "latest", "variation"]

Codes = npt.NDArray[np.int8]


class Direction(IntEnum):
    """Which side of the centre line is good."""

    LOWER = -1
    NONE = 0
    HIGHER = 1


class Variation(IntEnum):
    """Verdict on one point."""

    COMMON_CAUSE = 0
    IMPROVEMENT = 1
    CONCERN = 2
    BOTH = 3  # good by one rule and bad by another: below its limit, yet in a rising trend
    NEUTRAL = 4  # special cause without a good or bad side


class Assurance(IntEnum):
    """Verdict on a series against its target."""

    NOT_APPLICABLE = 0
    CONSISTENTLY_PASSES = 1
    CONSISTENTLY_FAILS = 2
    INCONSISTENT = 3


def variation(
    marks: Mapping[Rule, Codes], direction: npt.ArrayLike, *, conflict: Literal["both", "first"] = "both"
) -> Codes:
    """Verdict on every point, an int8 array (…, points) of `Variation` values.

    Args:
        marks: what `signals` returned.
        direction: a `Direction`, or an array (…) of one per series.
        conflict: a point both good and bad is reported as both; with "first" the first rule that marks it decides,
            as in NHSRplotthedots.
    """
    if not marks:
        raise ValueError("no rules, no verdict / 未选择任何规则，无法判定")
    shape = next(iter(marks.values())).shape
    good = np.broadcast_to(_per_series(direction, shape), shape)
    if conflict == "first":
        deciding = np.zeros(shape, dtype=np.int8)
        for codes in marks.values():
            np.copyto(deciding, codes, where=deciding == 0)
        marks = {next(iter(marks)): deciding}
    high, low, unsided = (np.zeros(shape, dtype=bool) for _ in range(3))
    for codes in marks.values():
        high |= (codes == HIGH) | (codes == BOTH_SIDES)
        low |= (codes == LOW) | (codes == BOTH_SIDES)
        unsided |= codes == UNSIDED
    better = np.where(good > 0, high, low) & (good != 0)
    worse = np.where(good > 0, low, high) & (good != 0)
    verdict = np.where(high | low | unsided, Variation.NEUTRAL, Variation.COMMON_CAUSE)
    verdict = np.where(better, Variation.IMPROVEMENT, verdict)
    verdict = np.where(worse, Variation.CONCERN, verdict)
    return np.where(better & worse, Variation.BOTH, verdict).astype(np.int8)


def assurance(limits: Limits, target: npt.ArrayLike, direction: npt.ArrayLike) -> Codes:
    """Verdict on every series by the limits of its latest point, an int8 array (…) of `Assurance` values.

    Args:
        limits: a calculated chart.
        target: one value, or an array (…) of one per series; NaN is no target.
        direction: a `Direction`, or an array (…) of one per series.
    """
    series = limits.value.shape[:-1]
    goal = np.broadcast_to(np.asarray(target, dtype=float), series)
    good = np.broadcast_to(np.asarray(direction, dtype=np.int8), series)
    lower, upper = latest(limits, limits.lower), latest(limits, limits.upper)
    known = ~np.isnan(goal) & ~np.isnan(lower) & ~np.isnan(upper) & (good != 0)
    above, below = goal > upper, goal < lower
    passes = np.where(good > 0, below, above)
    fails = np.where(good > 0, above, below)
    verdict = np.where(passes, Assurance.CONSISTENTLY_PASSES, Assurance.INCONSISTENT)
    verdict = np.where(fails, Assurance.CONSISTENTLY_FAILS, verdict)
    return np.where(known, verdict, Assurance.NOT_APPLICABLE).astype(np.int8)


def latest(limits: Limits, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Value of any (…, points) array at the last point that is not missing; NaN for a series without points."""
    present = ~np.isnan(limits.value)
    values = np.broadcast_to(np.asarray(points, dtype=float), present.shape)
    if present.shape[-1] == 0:
        return np.full(present.shape[:-1], np.nan)
    last = present.shape[-1] - 1 - np.argmax(present[..., ::-1], axis=-1)
    found = np.take_along_axis(values, last[..., None], axis=-1)[..., 0]
    return np.where(present.any(axis=-1), found, np.nan)


def _per_series(direction: npt.ArrayLike, shape: tuple[int, ...]) -> Codes:
    good = np.asarray(direction, dtype=np.int8)
    return good[..., None] if good.ndim and good.shape == shape[:-1] else good
