"""Proposals to start a new phase after a sustained shift; a proposal changes nothing until somebody accepts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import PROVISIONAL_POINTS, Limits
from xunzhi.spc.conventions import STANDARD
from xunzhi.spc.estimates import Floats, sigma_from_moving_ranges

__all__ = ["Proposal", "propose_rebase"]

EVIDENCE = 4.0
"""Least difference between the levels before and after, in standard errors. Stable series of 60 points reach it at
their most suggestive split in fewer than 1 of 200 cases (tests/spc/test_rebase.py)."""


@dataclass(frozen=True)
class Proposal:
    """A new phase that could start at a point, and why.

    Attributes:
        series: index of the series, () for a single one.
        start: first point of the new phase.
        before: mean of the values of the phase before `start`.
        after: mean of the values from `start` to the end of the phase.
        evidence: difference of the two levels in standard errors.
        points: number of points in the new phase.
    """

    series: tuple[int, ...]
    start: int
    before: float
    after: float
    evidence: float
    points: int

    @property
    def reason(self) -> str:
        """One sentence in English."""
        way = "rose" if self.after > self.before else "fell"
        return (
            f"The level {way} from {self.before:.4g} to {self.after:.4g} and has stayed there for {self.points} points"
            f" ({self.evidence:.1f} standard errors)."
        )

    @property
    def reason_zh(self) -> str:
        """The same in Chinese."""
        way = "升" if self.after > self.before else "降"
        evidence = f"相差 {self.evidence:.1f} 个标准误"
        return f"水平由 {self.before:.4g} {way}至 {self.after:.4g}，已持续 {self.points} 个点（{evidence}）。"


def propose_rebase(limits: Limits, *, evidence: float = EVIDENCE, points: int = PROVISIONAL_POINTS) -> list[Proposal]:
    """Propose where the latest phase of each series should be split, at most one proposal per series.

    All splits that leave at least `points` points on either side are compared by the difference of the mean
    standardised values in units of its standard error, σ from moving ranges (which a shift hardly touches); the best
    one is proposed when it exceeds `evidence`. Ask again with the proposal accepted to find a second shift.

    Args:
        limits: a calculated chart.
        evidence: least difference in standard errors.
        points: least number of points before and after.
    """
    split = _best_split(_latest_phase(limits), points)
    found = np.argwhere(split.evidence > evidence)
    proposals = []
    for place in found:
        series = tuple(int(i) for i in place)
        start = int(split.start[series])
        here = limits.phase[series] == limits.phase[series][-1]
        values, order = limits.value[series], np.arange(limits.value.shape[-1])
        after = values[here & (order >= start)]
        proposals.append(
            Proposal(
                series=series,
                start=start,
                before=float(np.nanmean(values[here & (order < start)])),
                after=float(np.nanmean(after)),
                evidence=float(split.evidence[series]),
                points=int((~np.isnan(after)).sum()),
            )
        )
    return proposals


class _Split(NamedTuple):
    start: npt.NDArray[np.intp]
    evidence: Floats


def _latest_phase(limits: Limits) -> Floats:
    """Standardised values of the latest phase, NaN elsewhere."""
    usable = (limits.phase == limits.phase[..., -1:]) & np.isfinite(limits.z)
    return np.where(usable, limits.z, np.nan)


def _best_split(z: Floats, points: int) -> _Split:
    """First point of the later part of the best split of each series, and its evidence (0 where none is allowed)."""
    present = ~np.isnan(z)
    total = np.where(present, z, 0.0)
    count_after = np.flip(np.cumsum(np.flip(present, -1), axis=-1), -1)
    sum_after = np.flip(np.cumsum(np.flip(total, -1), axis=-1), -1)
    count_before = count_after[..., :1] - count_after
    sum_before = sum_after[..., :1] - sum_after
    allowed = present & (count_before >= points) & (count_after >= points)
    before, after = np.maximum(count_before, 1), np.maximum(count_after, 1)
    sigma = sigma_from_moving_ranges(z, present, STANDARD)
    error = sigma * np.sqrt(1 / before + 1 / after)
    difference = np.abs(sum_after / after - sum_before / before)
    statistic = np.divide(difference, error, out=np.zeros(z.shape), where=allowed & (error > 0))
    start = statistic.argmax(axis=-1)
    return _Split(start, np.take_along_axis(statistic, start[..., None], axis=-1)[..., 0])
