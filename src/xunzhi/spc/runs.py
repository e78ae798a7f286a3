"""Runs analysis of a run chart: longest run and number of crossings against what chance allows (Anhøj)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from xunzhi.spc.charts import Limits
from xunzhi.spc.tracks import Bools, Codes, Ints, Track, track_of

__all__ = ["RunCounts", "count_runs", "crossings_min", "longest_run_max", "runs_analysis"]

CROSSINGS_PROBABILITY = 0.05
"""Too few crossings: fewer than this quantile of a binomial distribution (Chen 2010, eq. 7)."""

LONGEST_RUN_MARGIN = 3
"""Longest run that chance allows: log2 of the useful points, rounded, plus this (Schilling 2012)."""


@dataclass(frozen=True)
class RunCounts:
    """Runs of each phase, repeated at each of its points (…, points).

    Attributes:
        useful: points not on the centre line and not missing.
        longest_run: longest run of useful points on one side.
        longest_run_max: more than this is a signal.
        crossings: how often the centre line is crossed.
        crossings_min: less than this is a signal.
        run_length: length of the run to which the point belongs, 0 for points that are not useful.
    """

    useful: Ints
    longest_run: Ints
    longest_run_max: Ints
    crossings: Ints
    crossings_min: Ints
    run_length: Ints

    @property
    def signal(self) -> Bools:
        """True where the phase shows non-random variation."""
        return (self.longest_run > self.longest_run_max) | (self.crossings < self.crossings_min)


def longest_run_max(useful: npt.ArrayLike) -> Ints:
    """Longest run that chance allows among this many useful points."""
    n = np.asarray(useful, dtype=np.intp)
    return np.rint(np.log2(np.maximum(n, 1))).astype(np.intp) + LONGEST_RUN_MARGIN


def crossings_min(useful: npt.ArrayLike) -> Ints:
    """Fewest crossings that chance allows among this many useful points."""
    n = np.asarray(useful, dtype=np.intp)
    return np.asarray(_crossings_quantiles(int(n.max(initial=1)))[np.maximum(n - 1, 0)])


@cache
def _crossings_quantiles(size: int) -> Ints:
    """Quantile of the number of crossings for 0, 1, 2 … gaps between points: how many counts are too unlikely."""
    gaps = np.arange(size)[:, None]
    crossings = np.arange(size // 2 + 1)
    at_most = betainc(np.maximum(gaps - crossings, 1), crossings + 1, 0.5)
    return np.asarray(np.sum((crossings < gaps) & (at_most < CROSSINGS_PROBABILITY), axis=1, dtype=np.intp))


def runs_analysis(limits: Limits, *, ignore: npt.ArrayLike | None = None) -> RunCounts:
    """Runs of every phase of a chart around its centre line; ignored and missing points are passed over."""
    track, order = track_of(limits, ignore)
    counts = count_runs(track)
    if order is None:
        return counts
    unpacked = {name: np.empty_like(values) for name, values in vars(counts).items()}
    for name, values in vars(counts).items():
        np.put_along_axis(unpacked[name], order, values, axis=-1)
    return RunCounts(**unpacked)


def count_runs(track: Track) -> RunCounts:
    """Runs of every phase of a track."""
    side = np.where(track.present, track.side, np.int8(0))
    order = np.argsort(side == 0, axis=-1, kind="stable")
    starts, length = _runs(np.take_along_axis(side, order, axis=-1), np.take_along_axis(track.phase, order, axis=-1))
    run_start, run_length = np.zeros_like(starts), np.zeros_like(length)
    np.put_along_axis(run_start, order, starts, axis=-1)
    np.put_along_axis(run_length, order, length, axis=-1)

    useful, longest, runs = (np.zeros(side.shape, dtype=np.intp) for _ in range(3))
    for number in range(int(track.phase.max(initial=0)) + 1):
        here = track.phase == number
        np.copyto(useful, np.sum(here & (side != 0), axis=-1, keepdims=True), where=here)
        np.copyto(longest, np.max(np.where(here, run_length, 0), axis=-1, keepdims=True, initial=0), where=here)
        np.copyto(runs, np.sum(here & run_start, axis=-1, keepdims=True), where=here)
    return RunCounts(
        useful=useful,
        longest_run=longest,
        longest_run_max=longest_run_max(useful),
        crossings=np.maximum(runs - 1, 0),
        crossings_min=crossings_min(useful),
        run_length=run_length,
    )


def _runs(side: Codes, phase: Ints) -> tuple[Bools, Ints]:
    """Where runs start, and the length of each place's run, when useful places come first."""
    change = np.ones(side.shape, dtype=bool)
    change[..., 1:] = (side[..., 1:] != side[..., :-1]) | (phase[..., 1:] != phase[..., :-1])
    index = np.broadcast_to(np.arange(side.shape[-1]), side.shape)
    first = np.maximum.accumulate(np.where(change, index, 0), axis=-1)
    last_here = np.ones(side.shape, dtype=bool)
    last_here[..., :-1] = change[..., 1:]
    last = np.flip(np.minimum.accumulate(np.flip(np.where(last_here, index, side.shape[-1]), -1), axis=-1), -1)
    useful = side != 0
    return change & useful, np.where(useful, last - first + 1, 0)
