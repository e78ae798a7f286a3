"""Rules that tell special-cause from common-cause variation, each a small object with its own parameters.

`signals` marks every point that belongs to a rule's pattern: +1 high, -1 low, 2 flagged without a side, 3 high and low
at once (the turning point of a rising and a falling trend), 0 nothing. Missing points are passed over: their neighbours
count as consecutive. No pattern reaches from one phase into the next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits
from xunzhi.spc.runs import count_runs
from xunzhi.spc.tracks import Bools, Codes, Track, all_of, spread_back, spread_back_in_phase, track_of

__all__ = [
    "ANHOEJ",
    "BOTH_SIDES",
    "DEFAULT_RULES",
    "HIGH",
    "LOW",
    "MAKING_DATA_COUNT",
    "NELSON",
    "RULES",
    "RULE_SETS",
    "UNSIDED",
    "WESTERN_ELECTRIC",
    "Alternation",
    "Beyond",
    "Crossings",
    "LongestRun",
    "Outside",
    "Rule",
    "Shift",
    "Trend",
    "Within",
    "Zone",
    "alarms",
    "signals",
]

HIGH, LOW, UNSIDED, BOTH_SIDES = 1, -1, 2, 3

# Thresholds; each number of the rules below stands here and nowhere else.
NELSON_SHIFT, NELSON_TREND, NELSON_ALTERNATION, NELSON_WITHIN, NELSON_BEYOND = 9, 6, 14, 15, 8
WESTERN_ELECTRIC_SHIFT = 8
MAKING_DATA_COUNT_SHIFT, MAKING_DATA_COUNT_TREND = 7, 7
ZONE_A, ZONE_B = (2, 3, 2.0), (4, 5, 1.0)  # points, window, standard errors


class Rule(ABC):
    """One test; `code` names it in results, and equal parameters make equal rules."""

    @property
    def code(self) -> str:
        """Stable name such as `shift_8`."""
        return self._code()

    def alarms(self, track: Track) -> Codes:
        """Codes of the places at which a pattern is complete, as somebody watching would learn of it."""
        return self._alarms(track)

    def find(self, track: Track) -> Codes:
        """Codes of all places that belong to a pattern."""
        return self._find(track)

    @abstractmethod
    def _code(self) -> str: ...

    @abstractmethod
    def _alarms(self, track: Track) -> Codes: ...

    @abstractmethod
    def _find(self, track: Track) -> Codes: ...


@dataclass(frozen=True)
class Outside(Rule):
    """A point outside the control limits (Nelson 1, Western Electric 1)."""

    def _code(self) -> str:
        return "outside"

    def _alarms(self, track: Track) -> Codes:
        return track.outside

    def _find(self, track: Track) -> Codes:
        return track.outside


@dataclass(frozen=True)
class _Row(Rule):
    """`length` points in a row that have something in common."""

    length: int

    def __post_init__(self) -> None:
        if self.length < 2:
            raise ValueError(
                f"a pattern needs at least 2 points, got {self.length} / 至少需要 2 个点，实际 {self.length}"
            )

    def _find(self, track: Track) -> Codes:
        ends = self._alarms(track)
        high, low = spread_back(ends == HIGH, self.length), spread_back(ends == LOW, self.length)
        return combine(high, low)


class _UnsidedRow(_Row):
    def _find(self, track: Track) -> Codes:
        return unsided(spread_back(self._alarms(track) == UNSIDED, self.length))


@dataclass(frozen=True)
class Shift(_Row):
    """`length` points in a row on one side of the centre line; a point on the line ends the run."""

    length: int = NELSON_SHIFT

    def _code(self) -> str:
        return f"shift_{self.length}"

    def _alarms(self, track: Track) -> Codes:
        whole = track.windows(self.length)
        return combine(all_of(track.side > 0, self.length) & whole, all_of(track.side < 0, self.length) & whole)


@dataclass(frozen=True)
class Trend(_Row):
    """`length` points in a row, each higher (or each lower) than the one before; equal points end it."""

    length: int = NELSON_TREND

    def _code(self) -> str:
        return f"trend_{self.length}"

    def _alarms(self, track: Track) -> Codes:
        whole, steps = track.windows(self.length), self.length - 1
        return combine(all_of(track.step > 0, steps) & whole, all_of(track.step < 0, steps) & whole)


@dataclass(frozen=True)
class Alternation(_UnsidedRow):
    """`length` points in a row alternating up and down (Nelson 4)."""

    length: int = NELSON_ALTERNATION

    def _code(self) -> str:
        return f"alternation_{self.length}"

    def _alarms(self, track: Track) -> Codes:
        turn = np.zeros(track.value.shape, dtype=bool)
        turn[..., 1:] = track.step[..., 1:] * track.step[..., :-1] < 0
        return unsided(all_of(turn, max(self.length - 2, 1)) & track.windows(self.length))


@dataclass(frozen=True)
class Zone(Rule):
    """`count` of `window` consecutive points further than `sigmas` standard errors out on the same side.

    The points further out are marked. As in Making Data Count, `one_side` asks that the whole window lies on that
    side of the centre line, and `inside` counts only points that are not outside the control limits.
    """

    count: int = ZONE_A[0]
    window: int = ZONE_A[1]
    sigmas: float = ZONE_A[2]
    one_side: bool = False
    inside: bool = False

    def _code(self) -> str:
        suffix = ("_one_side" if self.one_side else "") + ("_inside" if self.inside else "")
        return f"zone_{self.count}_of_{self.window}_{self.sigmas:g}_sigma{suffix}"

    def _alarms(self, track: Track) -> Codes:
        high, low = (
            self._complete(track, far, sign) & (far | self.one_side)
            for far, sign in zip(self._far(track), (1, -1), strict=True)
        )
        return combine(high, low)

    def _find(self, track: Track) -> Codes:
        high, low = (
            far & spread_back_in_phase(self._complete(track, far, sign), self.window, track.position)
            for far, sign in zip(self._far(track), (1, -1), strict=True)
        )
        return combine(high, low)

    def _far(self, track: Track) -> tuple[Bools, Bools]:
        high, low = track.z > self.sigmas, track.z < -self.sigmas
        if self.inside:
            high, low = high & (track.outside == 0), low & (track.outside == 0)
        return high & track.present, low & track.present

    def _complete(self, track: Track, far: Bools, sign: int) -> Bools:
        total = far.astype(np.int8)
        for back in range(1, min(self.window, far.shape[-1])):
            total[..., back:] += far[..., :-back] & (track.position[..., back:] >= back)
        found = (total >= self.count) & track.present
        if self.one_side:
            found &= all_of(track.side == sign, self.window) & track.windows(self.window)
        return found


@dataclass(frozen=True)
class Within(_UnsidedRow):
    """`length` points in a row closer than `sigmas` standard errors to the centre (Nelson 7)."""

    length: int = NELSON_WITHIN
    sigmas: float = 1.0

    def _code(self) -> str:
        return f"within_{self.length}_{self.sigmas:g}_sigma"

    def _alarms(self, track: Track) -> Codes:
        return unsided(all_of(np.abs(track.z) < self.sigmas, self.length) & track.windows(self.length))


@dataclass(frozen=True)
class Beyond(_UnsidedRow):
    """`length` points in a row further than `sigmas` standard errors out, on either side (Nelson 8)."""

    length: int = NELSON_BEYOND
    sigmas: float = 1.0

    def _code(self) -> str:
        return f"beyond_{self.length}_{self.sigmas:g}_sigma"

    def _alarms(self, track: Track) -> Codes:
        return unsided(all_of(np.abs(track.z) > self.sigmas, self.length) & track.windows(self.length))


@dataclass(frozen=True)
class LongestRun(Rule):
    """The longest run on one side of the centre line is longer than chance allows (Anhøj 2014, Schilling 2012).

    Points on the centre line are passed over. The points of every run that is too long are marked; what chance allows
    depends on the number of points, so the alarm comes with the last one.
    """

    def _code(self) -> str:
        return "anhoej_longest_run"

    def _alarms(self, track: Track) -> Codes:
        counts = count_runs(track)
        return unsided((counts.longest_run > counts.longest_run_max) & track.last)

    def _find(self, track: Track) -> Codes:
        counts = count_runs(track)
        return np.where((counts.run_length > counts.longest_run_max) & track.present, track.side, np.int8(0))


@dataclass(frozen=True)
class Crossings(Rule):
    """The centre line is crossed less often than chance allows (Anhøj 2014, Chen 2010); marks the whole phase."""

    def _code(self) -> str:
        return "anhoej_crossings"

    def _alarms(self, track: Track) -> Codes:
        return np.where(track.last, self._find(track), np.int8(0))

    def _find(self, track: Track) -> Codes:
        counts = count_runs(track)
        return unsided((counts.crossings < counts.crossings_min) & track.present)


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

DEFAULT_RULES = WESTERN_ELECTRIC
"""Of the customary selections this one finds most shifts at equal false alarms: with limits from 24 months, it finds
a shift of one standard error within a year in 78 of 100 series, limits alone tightened to as many false alarms in 57
(tests/spc/test_simulate.py)."""

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


def combine(high: Bools, low: Bools) -> Codes:
    """Codes from the two sides of a pattern."""
    codes = high.view(np.int8) - low.view(np.int8)
    both = high & low
    if both.any():
        codes[both] = BOTH_SIDES
    return codes


def unsided(found: Bools) -> Codes:
    """Codes of a pattern that has no side."""
    return found.view(np.int8) * np.int8(UNSIDED)
