"""Selections of rules that tell special-cause from common-cause variation, and what they find on a chart.

`signals` marks every point that belongs to a rule's pattern: +1 high, -1 low, 2 flagged without a side, 3 high and low
at once (the turning point of a rising and a falling trend), 0 nothing. Missing points are passed over: their neighbours
count as consecutive. No pattern reaches from one phase into the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits
from xunzhi.spc.patterns import (
    NELSON_ALTERNATION,
    NELSON_BEYOND,
    NELSON_SHIFT,
    NELSON_TREND,
    NELSON_WITHIN,
    ZONE_A,
    ZONE_B,
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
from xunzhi.spc.tracks import Codes, track_of

WESTERN_ELECTRIC_SHIFT = 8
MAKING_DATA_COUNT_SHIFT, MAKING_DATA_COUNT_TREND = 7, 7

NELSON: tuple[Rule, ...] = (
    Outside(),
    Shift(NELSON_SHIFT),
    Trend(NELSON_TREND),
    Alternation(NELSON_ALTERNATION),
    Zone(*ZONE_A),
    Zone(*ZONE_B),
    Within(NELSON_WITHIN),
    Beyond(NELSON_BEYOND),
)
"""Rules 1 to 8 in Nelson's order (Journal of Quality Technology 16, 1984, p. 238)."""

WESTERN_ELECTRIC: tuple[Rule, ...] = (Outside(), Zone(*ZONE_A), Zone(*ZONE_B), Shift(WESTERN_ELECTRIC_SHIFT))
"""The four zone tests (Western Electric, Statistical Quality Control Handbook, 1956)."""

MAKING_DATA_COUNT: tuple[Rule, ...] = (
    Outside(),
    Zone(*ZONE_A, one_side=True, inside=True),
    Trend(MAKING_DATA_COUNT_TREND),
    Shift(MAKING_DATA_COUNT_SHIFT),
)
"""NHS England's Making Data Count, as in NHSRplotthedots 0.2.2; in the order in which it names the first cause."""

ANHOEJ: tuple[Rule, ...] = (LongestRun(), Crossings())
"""Anhøj's two run chart rules (PLoS ONE 9(11): e113825, 2014)."""

DEFAULT_RULES: tuple[Rule, ...] = (Outside(), CumulativeSum())
"""A point outside the limits for what is sudden, a cumulative sum for what lasts: at equal false alarms the pair finds
more faults than limits alone, sooner, and raises a third as many false alarms as Western Electric's four tests
(benchmarks/detection.py, docs/decisions.md)."""

RULE_SETS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "default": DEFAULT_RULES,
        "nelson": NELSON,
        "western_electric": WESTERN_ELECTRIC,
        "making_data_count": MAKING_DATA_COUNT,
        "anhoej": ANHOEJ,
        "limits_only": (Outside(),),
    }
)
"""Named selections; any other tuple of rules is as good."""

RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {
        "outside": Outside,
        "shift": Shift,
        "trend": Trend,
        "alternation": Alternation,
        "zone": Zone,
        "within": Within,
        "beyond": Beyond,
        "longest_run": LongestRun,
        "crossings": Crossings,
        "cumulative_sum": CumulativeSum,
    }
)
"""Rule classes by name, for rules written in configuration: `RULES["shift"](length=7)`."""


def signals(
    limits: Limits, rules: Iterable[Rule] = DEFAULT_RULES, *, ignore: npt.ArrayLike | None = None
) -> dict[Rule, Codes]:
    """Marks of each rule at all points of its patterns: int8 arrays of the chart's shape, in the order of the rules.

    Args:
        limits: a calculated chart.
        rules: any selection of rules; `RULE_SETS` holds the usual ones.
        ignore: True at points that patterns pass over, such as those excluded for a known cause.
            They can still be outside the limits.
    """
    track, order = track_of(limits, ignore)
    return {rule: _unpack(rule.find(track), order) for rule in rules}


def alarms(
    limits: Limits, rules: Iterable[Rule] = DEFAULT_RULES, *, ignore: npt.ArrayLike | None = None
) -> dict[Rule, Codes]:
    """As `signals`, but only the points at which a pattern is complete: what is new, and when it could be known."""
    track, order = track_of(limits, ignore)
    return {rule: _unpack(rule.alarms(track), order) for rule in rules}


def _unpack(codes: Codes, order: npt.NDArray[np.intp] | None) -> Codes:
    if order is None:
        return codes
    unpacked = np.empty_like(codes)
    np.put_along_axis(unpacked, order, codes, axis=-1)
    return unpacked
