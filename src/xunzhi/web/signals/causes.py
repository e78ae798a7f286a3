"""Many charts, few causes: signals that say the same thing are put together before anybody is troubled.

Two charts have the same cause if they count the same things (indicators with the same numerator), in the same place, to
the same side. A department's chart belongs to the hospital's if that moved too: the hospital's signal lists it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xunzhi.measures import HOSPITAL
from xunzhi.measures.signals import Signal
from xunzhi.standards import Indicator


@dataclass(frozen=True)
class Cause:
    """One cause in one month: `signals` are its charts, the strongest first."""

    key: str
    signals: tuple[Signal, ...]

    @property
    def strongest(self) -> Signal:
        """The chart that speaks for it: the widest place, then the most certain."""
        return self.signals[0]


def causes(signals: Iterable[Signal], indicators: Mapping[str, Indicator]) -> list[Cause]:
    """The causes behind the signals of a month in one institution, the most certain first."""
    groups: dict[tuple[str, str], list[Signal]] = {}
    for signal in signals:
        groups.setdefault((_counted(indicators[signal.indicator]), _side(signal)), []).append(signal)
    found = [cause for (counted, side), members in groups.items() for cause in _placed(counted, side, members)]
    return sorted(found, key=lambda cause: (cause.strongest.q, -_size(cause.strongest), cause.key))


def _placed(counted: str, side: str, members: Sequence[Signal]) -> list[Cause]:
    """One cause for the hospital with all its departments; without it, one for each unit."""
    whole = any(signal.stratum == HOSPITAL for signal in members)
    units: dict[str, list[Signal]] = {}
    for signal in members:
        units.setdefault("" if whole else f"{signal.stratum}:{signal.unit}", []).append(signal)
    return [
        Cause(_key(signals[0].institution, counted, side, place), tuple(sorted(signals, key=_strength)))
        for place, signals in units.items()
    ]


def _strength(signal: Signal) -> tuple[bool, float, float, str]:
    return signal.stratum != HOSPITAL, signal.q, -_size(signal), signal.indicator


def _size(signal: Signal) -> float:
    return float(abs(np.nan_to_num(signal.sigmas)))


def _side(signal: Signal) -> str:
    return signal.kind if signal.kind in ("improvement", "neutral") else "concern"


def _counted(indicator: Indicator) -> str:
    """What an indicator counts, in its latest definition."""
    return json.dumps(indicator.revisions[-1].numerator.model_dump(mode="json"), sort_keys=True)


def _key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
