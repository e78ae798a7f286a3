"""The overview: every indicator in one line, what is worth a look first, and filters over it.

Numbers and verdicts are those of the bulletins (xunzhi.reports.overview); here they are only chosen and put into HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urlencode

import numpy as np
from django.urls import reverse

from xunzhi.reports.model import Grid, GridArea, GridRow
from xunzhi.reports.overview import counted_targets, grid, latest_point, met
from xunzhi.reports.quantities import shown as number
from xunzhi.standards import Indicator
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.readmodel import Shown
from xunzhi.web.monitor.words import language, say

CONCERN, IMPROVEMENT = ("concern", "both"), ("improvement",)
FIRST = 3
"""How many indicators a president is shown before all others."""

SIGNALS = "concern", "improvement", "missed", "met", "provisional", "missing"


@dataclass(frozen=True)
class Line:
    """An indicator of the overview. `missed`: whether it misses its target, None if it can't be held against one.

    `sigmas` is how far its latest point lies from the centre line in standard errors.
    """

    indicator: Indicator
    row: GridRow
    missed: bool | None
    sigmas: float
    change: str
    year_change: str
    hospital: str
    link: str

    def is_(self, signal: str) -> bool:
        """Whether the line belongs to one of SIGNALS."""
        match signal:
            case "concern":
                return self.row.variation.kind in CONCERN
            case "improvement":
                return self.row.variation.kind in IMPROVEMENT
            case "missed" | "met":
                return self.missed is (signal == "missed")
            case "provisional":
                return self.provisional
            case _:
                return self.row.value.value is None

    @property
    def provisional(self) -> bool:
        """Whether the value may still change."""
        return self.row.spark.provisional and self.row.value.value is not None


@dataclass(frozen=True)
class Filters:
    """What of the overview is wanted; an empty text is no filter."""

    area: str = ""
    donabedian: str = ""
    signal: str = ""
    owner: str = ""
    text: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """As a query string says them."""
        return cls(*(given.get(name, "") for name in ("area", "class", "signal", "owner", "q")))

    def keep(self, line: Line) -> bool:
        """Whether a line is wanted."""
        indicator = line.indicator
        return (
            self.area in ("", indicator.area)
            and self.donabedian in ("", indicator.donabedian)
            and self.owner in ("", indicator.owner)
            and (not self.signal or line.is_(self.signal))
            and matches(indicator, self.text)
        )

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return any((self.area, self.donabedian, self.signal, self.owner, self.text))


def matches(indicator: Indicator, text: str) -> bool:
    """Whether a text stands in an indicator's names, code or source."""
    sought = text.casefold().strip()
    document = indicator.revisions[-1].source.document
    words = "\n".join((indicator.id, indicator.label.zh, indicator.label.en, document))
    return not sought or sought in words.casefold()


class Overview:
    """The lines of a hospital, or of a unit, in a period and a language."""

    def __init__(self, source: Shown, unit: str, spoken: str):
        self.source, self.unit, self.language = source, unit, spoken

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines in the order of the areas."""
        missed = {
            indicator.id: not met(indicator, value) for indicator, value in counted_targets(self.source, self.unit)
        }
        indicators = self.source.pack.indicators
        rows = ((indicators[row.indicator], row) for area in self.whole.areas for row in area.rows)
        return tuple(self._line(indicator, row, missed.get(indicator.id)) for indicator, row in rows)

    def _line(self, indicator: Indicator, row: GridRow, missed: bool | None) -> Line:
        places = self.source.decimals[indicator.id]
        value, before, year = row.value.value, row.previous.value, row.year_before.value
        return Line(
            indicator, row, missed, self._sigmas(indicator), _difference(value, before, places),
            _difference(value, year, places), self._hospital(indicator, places), link_to(indicator.id) + self._where,
        )  # fmt: skip

    def _hospital(self, indicator: Indicator, places: int) -> str:
        """What a unit is held against: the value of the whole hospital."""
        whole = self.source.row(indicator.id) if self.unit else None
        return number(whole.value, places) if whole else ""

    @cached_property
    def _where(self) -> str:
        """The unit as a query string."""
        return f"?{urlencode({'stratum': self.source.division, 'unit': self.unit})}" if self.unit else ""

    def _sigmas(self, indicator: Indicator) -> float:
        found = self.source.chart(indicator.id, self.unit)
        point = latest_point(self.source, *found) if found else None
        if found is None or point is None:
            return 0.0
        z = float(found[0].limits.z[found[1], point])
        return abs(z) if np.isfinite(z) else 0.0

    def count(self, signal: str) -> int:
        """How many lines belong to one of SIGNALS."""
        return sum(line.is_(signal) for line in self.lines)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many lines there are of each of SIGNALS, with a value, and with a target to hold them against."""
        return {
            **{signal: self.count(signal) for signal in SIGNALS},
            "value": sum(line.row.value.value is not None for line in self.lines),
            "targeted": sum(line.missed is not None for line in self.lines),
        }

    @cached_property
    def first(self) -> tuple[Line, ...]:
        """What to look at first: what got worse, that which also misses its target and the surest before the rest."""
        worse = [line for line in self.lines if line.is_("concern")]
        ranked = sorted(worse, key=lambda line: (not line.missed, -line.sigmas, line.indicator.id))
        return tuple(ranked[:FIRST])

    @cached_property
    def state(self) -> tuple[tuple[str, str, int, int, int], ...]:
        """For each area its code, name, and how many lines got worse, got better and miss their target."""
        return tuple(
            (code, name, *(sum(line.is_(signal) for line in lines) for signal in ("concern", "improvement", "missed")))
            for code, name, lines in self.areas(Filters())
        )

    def areas(self, filters: Filters) -> list[tuple[str, str, list[Line]]]:
        """Code, name and wanted lines of each area that has any."""
        wanted = [line for line in self.lines if filters.keep(line)]
        areas = self.source.pack.manifest.areas
        found = (
            (code, in_language(label), [line for line in wanted if line.indicator.area == code])
            for code, label in areas.items()
        )
        return [(code, name, lines) for code, name, lines in found if lines]

    @cached_property
    def whole(self) -> Grid:
        """All lines as a block of a bulletin, with legend and footnotes."""
        return grid(self.source, self.unit, say())

    def grid(self, filters: Filters) -> Grid:
        """The wanted lines as a block of a bulletin, for Excel."""
        whole = self.whole
        wanted = {line.indicator.id for line in self.lines if filters.keep(line)}
        areas = (
            GridArea(area.label, tuple(row for row in area.rows if row.indicator in wanted)) for area in whole.areas
        )
        return Grid(whole.heads, tuple(area for area in areas if area.rows), whole.legend, whole.notes)


def overview_of(source: Shown, unit: str = "") -> Overview:
    """The overview of a period; made once for the readers of a language."""
    found: Overview = source.model.derived(Overview, source, unit, language())
    return found


def _difference(value: float | None, before: float | None, places: int) -> str:
    if value is None or before is None:
        return ""
    text = number(value - before, places)
    return f"+{text}" if value > before and text.strip("0.,") else text


@lru_cache(maxsize=1024)
def link_to(indicator: str) -> str:
    """The address of an indicator's page."""
    return reverse("monitor:indicator", args=[indicator])
