"""Numbers as they are printed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median

from xunzhi.standards import Indicator

LARGE = 1000
"""From this size on, decimals only distract."""

TIGHT = ("%", "‰", "‱")
"""Units that stand without a space."""

WHOLE = ("count", "distinct")


def places(indicator: Indicator, values: Iterable[float | None]) -> int:
    """Decimal places for an indicator, the same wherever it stands: none for counts and large numbers, else two."""
    known = [abs(value) for value in values if value is not None and not math.isnan(value)]
    whole = indicator.kind in WHOLE or (bool(known) and median(known) >= LARGE)
    return 0 if whole else 2


def shown(value: float | None, decimals: int) -> str:
    """A number with separators; a dash where there is none, never a minus before zero."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def whole_or(value: float | None, decimals: int = 1) -> str:
    """A count without decimals; sums that are not whole keep some."""
    if value is None or math.isnan(value):
        return "–"
    return shown(value, 0 if value == int(value) else decimals)


def with_unit(text: str, unit: str) -> str:
    """A number with its unit."""
    return f"{text}{unit}" if unit in TIGHT else f"{text} {unit}".strip()
