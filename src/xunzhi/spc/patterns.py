"""The patterns that rules look for, each a small object with its own parameters.

A pattern is marked +1 high, -1 low, 2 flagged without a side, 3 high and low at once (the turning point of a rising and
a falling trend), 0 nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from xunzhi.spc.cusum import DECISION_INTERVAL, REFERENCE_VALUE, tabular_sums
from xunzhi.spc.runs import count_runs
from xunzhi.spc.tracks import Bools, Codes, Floats, Track, all_of, spread_back, spread_back_in_phase

__all__ = [
    "BOTH_SIDES",
    "HIGH",
    "LOW",
    "NELSON_ALTERNATION",
    "NELSON_BEYOND",
    "NELSON_SHIFT",
    "NELSON_TREND",
    "NELSON_WITHIN",
    "UNSIDED",
    "ZONE_A",
    "ZONE_B",
    "Alternation",
    "Beyond",
    "Crossings",
    "CumulativeSum",
    "LongestRun",
    "Outside",
    "Rule",
    "Shift",
    "Trend",
    "Within",
    "Zone",
]

HIGH, LOW, UNSIDED, BOTH_SIDES = 1, -1, 2, 3

# The rules of Nelson (1984) and the zones of Western Electric (1956).
NELSON_SHIFT, NELSON_TREND, NELSON_ALTERNATION, NELSON_WITHIN, NELSON_BEYOND = 9, 6, 14, 15, 8
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
class CumulativeSum(Rule):
    """Deviations beyond `reference` add up to more than `decision` standard errors (Montgomery section 9.1).

    After an alarm the sums begin again at 0, so that one shift alarms as often as its evidence is complete once more.
    Marked are the points since the sum was last 0, the usual estimate of when the change came, up to the alarm, and the
    points after it for as long as they stay on its side of the centre line.
    """

    reference: float = REFERENCE_VALUE
    decision: float = DECISION_INTERVAL

    def _code(self) -> str:
        usual = self.reference == REFERENCE_VALUE
        return f"cusum_{self.decision:g}" + ("" if usual else f"_reference_{self.reference:g}")

    def _alarms(self, track: Track) -> Codes:
        high, low = self._sums(track)
        return combine((high > self.decision) & track.present, (low < -self.decision) & track.present)

    def _find(self, track: Track) -> Codes:
        high, low = self._sums(track)
        return combine(
            self._pattern(track, high, 1) & track.present,
            self._pattern(track, -low, -1) & track.present,
        )

    def _sums(self, track: Track) -> tuple[Floats, Floats]:
        z = np.where(track.present, track.z, np.nan)
        return tabular_sums(z, track.position == 0, self.reference, self.decision, restart=True)

    def _pattern(self, track: Track, total: Floats, side: int) -> Bools:
        """One side: from the last point at which the sum was 0 until the points leave that side."""
        alarm, grown, same = total > self.decision, total > 0, track.side == side
        found = alarm.copy()
        for i in range(1, found.shape[-1]):
            found[..., i] |= found[..., i - 1] & same[..., i] & (track.position[..., i] > 0)
        ahead = np.zeros(found.shape[:-1], dtype=bool)
        for i in reversed(range(found.shape[-1])):
            ahead = alarm[..., i] | (ahead & grown[..., i])
            found[..., i] |= ahead
            ahead = ahead & (track.position[..., i] > 0)
        return found


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
