"""Every rule computed a second time by a slow loop over windows, on random series with gaps and phases."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import singledispatch

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc.patterns import (
    BOTH_SIDES,
    HIGH,
    LOW,
    UNSIDED,
    Alternation,
    Beyond,
    Crossings,
    CumulativeSum,
    LongestRun,
    Outside,
    Rule,
    Shift,
    Trend,
    Within,
    Zone,
)

pytestmark = pytest.mark.oracle

Points = list[tuple[int, float]]  # index and z of the points of one phase
Flags = dict[int, set[int]]  # indices by code


def windows(points: Points, length: int) -> list[Points]:
    return [points[start : start + length] for start in range(len(points) - length + 1)]


def flagged(points: Points, length: int, test: Callable[[list[float]], bool]) -> set[int]:
    """Indices of all windows whose z pass the test."""
    return {i for window in windows(points, length) if test([z for _, z in window]) for i, _ in window}


def steps(z: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(z)]


@singledispatch
def naive(rule: Rule, points: Points) -> Flags:
    raise TypeError(f"{rule.code} has no naive form")


@naive.register
def _(_rule: Outside, points: Points) -> Flags:
    return {HIGH: {i for i, z in points if z > 3}, LOW: {i for i, z in points if z < -3}}


@naive.register
def _(rule: Shift, points: Points) -> Flags:
    return {
        HIGH: flagged(points, rule.length, lambda z: min(z) > 0),
        LOW: flagged(points, rule.length, lambda z: max(z) < 0),
    }


@naive.register
def _(rule: Trend, points: Points) -> Flags:
    return {
        HIGH: flagged(points, rule.length, lambda z: min(steps(z)) > 0),
        LOW: flagged(points, rule.length, lambda z: max(steps(z)) < 0),
    }


@naive.register
def _(rule: Alternation, points: Points) -> Flags:
    return {
        UNSIDED: flagged(points, rule.length, lambda z: all(a * b < 0 for a, b in itertools.pairwise(steps(z)))),
    }


@naive.register
def _(rule: Zone, points: Points) -> Flags:
    flags: Flags = {HIGH: set(), LOW: set()}
    started = [] if rule.one_side else [points[:n] for n in range(rule.count, rule.window)]
    for window in started + windows(points, rule.window):
        for sign in (HIGH, LOW):
            far = {i for i, z in window if sign * z > rule.sigmas and not (rule.inside and abs(z) > 3)}
            if len(far) >= rule.count and (not rule.one_side or all(sign * z > 0 for _, z in window)):
                flags[sign] |= far
    return flags


@naive.register
def _(rule: Within, points: Points) -> Flags:
    return {UNSIDED: flagged(points, rule.length, lambda z: max(map(abs, z)) < rule.sigmas)}


@naive.register
def _(rule: Beyond, points: Points) -> Flags:
    return {UNSIDED: flagged(points, rule.length, lambda z: min(map(abs, z)) > rule.sigmas)}


def sums(points: Points, rule: CumulativeSum) -> dict[int, list[float]]:
    """How far each side has added up after each point; both begin again after an alarm of either."""
    total: dict[int, list[float]] = {HIGH: [], LOW: []}
    for n, (_, z) in enumerate(points):
        alarm = n > 0 and max(total[HIGH][-1], total[LOW][-1]) > rule.decision
        for side in (HIGH, LOW):
            before = 0.0 if alarm or n == 0 else total[side][-1]
            total[side].append(max(0.0, before + side * z - rule.reference))
    return total


@naive.register
def _(rule: CumulativeSum, points: Points) -> Flags:
    flags: Flags = {HIGH: set(), LOW: set()}
    for side, total in sums(points, rule).items():
        for alarm in (n for n, height in enumerate(total) if height > rule.decision):
            begin, end = alarm, alarm + 1
            while begin > 0 and total[begin - 1] > 0:
                begin -= 1
            while end < len(points) and side * points[end][1] > 0:
                end += 1
            flags[side] |= {i for i, _ in points[begin:end]}
    return flags


def runs(points: Points) -> list[Points]:
    useful = [(i, z) for i, z in points if z != 0]
    return [list(group) for _, group in itertools.groupby(useful, key=lambda point: point[1] > 0)]


@naive.register
def _(_rule: LongestRun, points: Points) -> Flags:
    most = int(spc.longest_run_max(sum(z != 0 for _, z in points)))
    long = [point for run in runs(points) if len(run) > most for point in run]
    return {HIGH: {i for i, z in long if z > 0}, LOW: {i for i, z in long if z < 0}}


@naive.register
def _(_rule: Crossings, points: Points) -> Flags:
    few = len(runs(points)) - 1 < int(spc.crossings_min(sum(z != 0 for _, z in points)))
    return {UNSIDED: {i for i, _ in points} if few else set()}


EXTRA = (
    CumulativeSum(1.0, 2.5),
    Shift(7),
    Trend(4),
    Alternation(6),
    Within(6, 1.0),
    Beyond(3, 1.0),
    Zone(2, 3, 2.0, one_side=True),
)
RULES = tuple(dict.fromkeys([*(rule for rules in spc.RULE_SETS.values() for rule in rules), *EXTRA]))


def series(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Wide and narrow, drifting and alternating series with ties and gaps."""
    z = rng.standard_normal(shape) * rng.choice([0.4, 1, 2], (shape[0], 1)) + rng.normal(0, 1, (shape[0], 1))
    z[::5] = np.cumsum(rng.normal(0.3, 0.3, z[::5].shape), axis=1) - 4
    z[1::5] = np.abs(z[1::5]) * np.where(np.arange(shape[1]) % 2, 1, -1)
    z = np.round(z, 1)
    z[rng.random(shape) < 0.03] = np.nan
    return z


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_equals_the_slow_loop(rule: Rule) -> None:
    rng = np.random.default_rng(11)
    z = series(rng, (60, 60))
    phases = np.sort(rng.integers(0, 2, z.shape), axis=1)
    found = spc.signals(spc.limits("i", z, centre=0, sigma=1, phases=phases), [rule])[rule]
    wanted = np.zeros(z.shape, dtype=int)
    for row, phase in itertools.product(range(z.shape[0]), range(2)):
        here = np.flatnonzero((phases[row] == phase) & ~np.isnan(z[row]))
        flags = naive(rule, [(int(i), float(z[row, i])) for i in here])
        for code, indices in flags.items():
            wanted[row, sorted(indices)] = code
        wanted[row, sorted(flags.get(HIGH, set()) & flags.get(LOW, set()))] = BOTH_SIDES
    assert wanted.any()
    np.testing.assert_array_equal(found, wanted)
