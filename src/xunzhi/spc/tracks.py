"""Series as rules see them, and the two window operations from which rules are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits, position_in_phase

__all__ = ["Track", "all_of", "spread_back", "spread_back_in_phase", "track_of"]

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Track:
    """Series as rules see them: missing and ignored points closed up to the left, the free places at the right end.

    Attributes:
        value: (…, places) values.
        z: standardised distances to the middle of the limits.
        side: +1, -1, 0 by the centre line.
        outside: +1, -1, 0 by the limits.
        present: False at free places.
        position: 0, 1, 2 … within the phase.
        phase: phase of each place.
    """

    value: Floats
    z: Floats
    side: Codes
    outside: Codes
    present: Bools
    position: Ints
    phase: Ints

    @cached_property
    def step(self) -> Codes:
        """Direction from the place before, whatever its phase: +1 up, -1 down, 0 level."""
        step = np.zeros(self.value.shape, dtype=np.int8)
        before, after = self.value[..., :-1], self.value[..., 1:]
        step[..., 1:] = (after > before).view(np.int8) - (after < before).view(np.int8)
        return step

    @cached_property
    def last(self) -> Bools:
        """True at the last present place of each phase."""
        last = self.present.copy()
        last[..., :-1] &= ~self.present[..., 1:] | (self.phase[..., 1:] != self.phase[..., :-1])
        return last

    def windows(self, length: int) -> Bools:
        """True where a whole window of the length ends within one phase."""
        return (self.position >= length - 1) & self.present


def track_of(limits: Limits, ignore: npt.ArrayLike | None = None) -> tuple[Track, Ints | None]:
    """The chart with missing and ignored points moved to the end, and the order in which its points were taken."""
    absent = np.isnan(limits.value)
    if ignore is not None:
        absent = absent | np.broadcast_to(np.asarray(ignore, dtype=bool), absent.shape)
    order = np.argsort(absent, axis=-1, kind="stable") if absent.any() else None

    def pack(points: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        return points if order is None else np.take_along_axis(points, order, axis=-1)

    phase = pack(limits.phase)
    track = Track(
        value=pack(limits.value),
        z=pack(limits.z),
        side=pack(limits.side),
        outside=pack(limits.outside),
        present=pack(~absent),
        position=position_in_phase(phase),
        phase=phase,
    )
    return track, order


def all_of(mask: Bools, length: int) -> Bools:
    """True where the last `length` places are all True; the run is doubled instead of walked."""
    if length > mask.shape[-1]:
        return np.zeros_like(mask)
    reached, run = 1, mask
    while reached < length:
        step = min(reached, length - reached)
        longer = np.zeros_like(run)
        np.logical_and(run[..., step:], run[..., :-step], out=longer[..., step:])
        reached, run = reached + step, longer
    return run


def spread_back(found: Bools, length: int) -> Bools:
    """Mark all places of the windows of `length` that end at the found ones."""
    reached, marked = 1, found
    while reached < length and reached < found.shape[-1]:
        step = min(reached, length - reached)
        wider = marked.copy()
        wider[..., :-step] |= marked[..., step:]
        reached, marked = reached + step, wider
    return marked


def spread_back_in_phase(found: Bools, length: int, position: Ints) -> Bools:
    """As `spread_back`, for windows that may be cut short by the start of the phase."""
    marked = found.copy()
    for back in range(1, min(length, found.shape[-1])):
        marked[..., :-back] |= found[..., back:] & (position[..., back:] >= back)
    return marked
