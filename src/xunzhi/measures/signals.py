"""Signals: what moved in a month, ranked, with the rule, the size, and how many false alarms to expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xunzhi import spc
from xunzhi.measures.charts import RECENT, Baseline, Block, blocks
from xunzhi.measures.cube import HOSPITAL
from xunzhi.measures.reading import Readings

SCREENED = 12
"""Points that a chart needs before its rules are asked."""

SEED, SIMULATED, SIMULATED_BASELINE = 20260101, 40_000, 24
"""False alarms are simulated with a fixed seed, so that a bulletin printed again says the same."""


@dataclass(frozen=True)
class Signal:
    """A chart that moved in a month.

    `kind` is improvement, concern, both or neutral. `change` is the value against its centre line, in units of the
    indicator; `sigmas` the same in standard errors. `q` is the share of false ones among signals at least as strong.
    """

    indicator: str
    institution: str
    stratum: str
    unit: str
    month: str
    kind: str
    rules: tuple[str, ...]
    value: float
    centre: float
    change: float
    sigmas: float
    p: float
    q: float
    numerator: float
    denominator: float
    provisional: bool
    owner: str


@dataclass(frozen=True)
class Scan:
    """All signals of a month, and what was looked at to find them."""

    signals: tuple[Signal, ...]
    charts: int
    expected_false_alarms: float


def scan(
    readings: Readings,
    institution: str,
    month: str,
    strata: Sequence[str] = (HOSPITAL, "department"),
    baselines: Sequence[Baseline] = (),
) -> Scan:
    """Look for signals in a month on every chart of some strata."""
    found = [
        block
        for stratum in strata
        for block in blocks(readings, institution, stratum, through=month, baselines=baselines).values()
    ]
    return scan_blocks(found, month)


def scan_blocks(found: Sequence[Block], month: str) -> Scan:
    """Look for signals in a month on charts that end with it."""
    candidates = [candidate for block in found for candidate in _candidates(block, month)]
    q = spc.adjust(np.array([signal.p for signal in candidates])) if candidates else np.empty(0)
    ranked = sorted(
        (Signal(**{**signal.__dict__, "q": float(value)}) for signal, value in zip(candidates, q, strict=True)),
        key=lambda signal: (
            signal.q,
            -abs(np.nan_to_num(signal.sigmas)),
            signal.indicator,
            signal.stratum,
            signal.unit,
        ),
    )
    counts = [(block, int(judged(block, month).sum())) for block in found]
    expected = sum(_expected(block) * count for block, count in counts)
    return Scan(tuple(s for s in ranked if s.rules), sum(count for _, count in counts), expected)


def alarmed(block: Block, month: str) -> dict[spc.Rule, NDArray[np.bool_]]:
    """For each rule the units on whose chart it alarms in a month."""
    here = judged(block, month)[:, np.newaxis] & _at(block, month)
    return {rule: ((codes != 0) & here).any(axis=1) for rule, codes in block.alarms.items()}


def _at(block: Block, month: str) -> NDArray[np.bool_]:
    """The points of a month."""
    nowhere = np.zeros_like(block.verdicts, bool)
    return block.month_of_point == block.months.index(month) if month in block.months else nowhere


def judged(block: Block, month: str) -> NDArray[np.bool_]:
    """Units whose chart has enough points and one in the month."""
    at, known = _at(block, month), ~np.isnan(block.limits.value)
    enough: NDArray[np.bool_] = (known.sum(axis=1) >= SCREENED) & (at & known).any(axis=1)
    return enough


def _candidates(block: Block, month: str) -> Iterator[Signal]:
    """One entry for each chart judged, those without a mark too: they count for the share of false alarms."""
    raised = alarmed(block, month)
    for row in map(int, np.flatnonzero(judged(block, month))):
        at = block.month_of_point[row] == block.months.index(month)
        point = int(np.flatnonzero(at & ~np.isnan(block.limits.value[row]))[-1])
        marked = [rule.code for rule, units in raised.items() if units[row]]
        column = block.months.index(month)
        centre, value = float(block.limits.centre[row, point]), float(block.limits.value[row, point])
        yield Signal(
            indicator=block.indicator.id,
            institution=block.institution,
            stratum=block.stratum,
            unit=block.units[row],
            month=month,
            kind=_kind(block, row, at) if marked else "common_cause",
            rules=tuple(sorted(marked)),
            value=value,
            centre=centre,
            change=value - centre,
            sigmas=float(block.limits.z[row, point]),
            p=_p(block, row, point, alarmed=bool(marked)),
            q=float("nan"),
            numerator=float(block.numerator[row, column]),
            denominator=float(block.denominator[row, column]),
            provisional=bool(block.provisional[row, column]),
            owner=block.indicator.owner,
        )


def _p(block: Block, row: int, point: int, *, alarmed: bool) -> float:
    """The p-value of the latest point; of a chart without standard errors, or whose baseline never varied, its rules'.

    Such a baseline does not tell how unlikely a deviation is: one miss after two years at 100 % is not impossible.
    """
    if np.isfinite(block.limits.z[row, point]) and not np.isnan(block.p[row]):
        return float(block.p[row])
    return float(spc.alarm_p_values(alarmed, _expected(block) if alarmed else 1.0))


KINDS: Mapping[int, str] = {int(kind): kind.name.lower() for kind in spc.Variation}


def _kind(block: Block, row: int, at: NDArray[np.bool_]) -> str:
    """The verdict of the month's points together: good by one and bad by another is both."""
    kinds = {KINDS[int(verdict)] for verdict in block.verdicts[row][at]} - {"common_cause"}
    if len(kinds) > 1:
        return "both" if {"improvement", "concern"} <= kinds or "both" in kinds else min(kinds)
    return kinds.pop() if kinds else "neutral"


def _expected(block: Block) -> float:
    """Probability that a chart in control alarms in its latest month."""
    return _false_alarm(tuple(block.marks), own_spread=block.chart in OWN_SPREAD)


OWN_SPREAD = ("i", "pp", "up", "xbar")
"""Charts whose standard errors come from the baseline too; those of the others follow from counts."""


@lru_cache(maxsize=64)
def _false_alarm(rules: tuple[spc.Rule, ...], *, own_spread: bool) -> float:
    """Probability of a false alarm, the centre line (and the spread) estimated from two years before."""
    rng = np.random.default_rng(SEED)
    values = rng.standard_normal((SIMULATED, SIMULATED_BASELINE + RECENT))
    if own_spread:
        limits = spc.limits("i", values, baseline=np.arange(values.shape[1]) < SIMULATED_BASELINE)
    else:
        limits = spc.limits("i", values, centre=values[:, :SIMULATED_BASELINE].mean(axis=1), sigma=1.0)
    alarms = spc.alarms(limits, rules).values()
    return float(np.any([codes[:, -1] != 0 for codes in alarms], axis=0).mean())
