"""Departments against key indicators: one table in which what stands out can be seen, and what is too small can't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xunzhi.reports.model import Cell, Column, TableBlock
from xunzhi.reports.overview import counts, indicators_of, met, variation
from xunzhi.reports.quantities import shown
from xunzhi.reports.source import counted_enough
from xunzhi.standards import Indicator
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.readmodel import Shown
from xunzhi.web.monitor.words import language, say

COLUMNS = 12
"""Key indicators beside each other."""


@dataclass(frozen=True)
class HeatCell:
    """A department's value of an indicator: `kind` is the verdict of its chart, `text` '' where nothing was counted.

    Below the indicator's minimum the value is not shown: a rate of three cases says nothing about a department.
    """

    text: str
    kind: str
    missed: bool
    small: bool
    note: str
    value: float | None = None
    places: int = 0


@dataclass(frozen=True)
class Heat:
    """A table of departments (code, name) against indicators; `cells` by department, in the order of the indicators."""

    indicators: tuple[Indicator, ...]
    units: tuple[tuple[str, str], ...]
    cells: dict[str, tuple[HeatCell, ...]]
    hospital: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[str, str, tuple[HeatCell, ...]]]:
        """Code, name and cells of each department."""
        return [(code, name, self.cells[code]) for code, name in self.units]

    def block(self) -> TableBlock:
        """The table for Excel."""
        texts = say()
        columns = (
            Column(texts("grid.unit"), width=2),
            *(Column(f"{in_language(i.label)} ({texts.unit(i.unit)})", True) for i in self.indicators),
        )
        rows = tuple(
            (Cell(name), *(Cell(cell.text, cell.value, cell.places, tone=cell.kind) for cell in cells))
            for _, name, cells in self.rows
        )
        return TableBlock("heat", "", columns, rows)


def key_indicators(source: Shown, area: str = "") -> tuple[Indicator, ...]:
    """The columns: those of an area, else those that the hospital compares departments by, else the most telling ones.

    The most telling ones are of process or outcome with a good side and, of each area in turn, those with most
    departments that have enough cases in the period.
    """
    rows = source.rows(source.division)
    enough: dict[str, int] = {}
    for (name, unit), row in rows.items():
        indicator = source.pack.indicators[name]
        enough[name] = enough.get(name, 0) + bool(
            unit and row.value is not None and counted_enough(indicator, row.denominator)
        )
    shared = [item for item in indicators_of(source, "") if enough.get(item.id, 0) > 1]
    if area:
        return tuple(
            sorted((item for item in shared if item.area == area), key=lambda item: -enough[item.id])[:COLUMNS]
        )
    asked = [item for item in shared if item.id in source.profile.compare]
    if asked:
        return tuple(asked[:COLUMNS])
    telling = [item for item in shared if item.direction != "monitor" and item.donabedian != "structure"]
    return _in_turn(telling, enough)


def _in_turn(shared: Sequence[Indicator], enough: dict[str, int]) -> tuple[Indicator, ...]:
    """Of each area the widest spread indicator, then the next one, until the columns are full."""
    ranked: dict[str, list[Indicator]] = {}
    for item in sorted(shared, key=lambda item: (item.target is None, -enough[item.id], item.id)):
        ranked.setdefault(item.area, []).append(item)
    order = sorted(
        ((place, -enough[item.id], item.id) for items in ranked.values() for place, item in enumerate(items)),
    )
    chosen = {name for _, _, name in order[:COLUMNS]}
    return tuple(item for item in shared if item.id in chosen)


def heat(source: Shown, units: Sequence[tuple[str, str]], area: str = "") -> Heat:
    """The table for those of some departments (code, name) that have anything to show."""
    indicators = key_indicators(source, area)
    kept: dict[tuple[str, str, str], HeatCell] = source.__dict__.setdefault("heat_cells", {})
    cells = {}
    for code, _ in units:
        for item in indicators:
            if (item.id, code, language()) not in kept:
                kept[item.id, code, language()] = _cell(source, item, code)
        cells[code] = tuple(kept[item.id, code, language()] for item in indicators)
    units = [(code, name) for code, name in units if any(cell.text for cell in cells[code])]
    hospital = (source.row(item.id) for item in indicators)
    texts = tuple(
        shown(row.value, source.decimals[item.id]) if row else "–"
        for row, item in zip(hospital, indicators, strict=True)
    )
    return Heat(indicators, tuple(units), cells, texts)


def _cell(source: Shown, indicator: Indicator, unit: str) -> HeatCell:
    row = source.row(indicator.id, unit)
    if row is None or row.value is None:
        return HeatCell("", "none", missed=False, small=False, note=say()("state.no_cases"))
    if not counted_enough(indicator, row.denominator):
        note = f"{say()('verdict.too_few')} ({counts(indicator, row)} < {indicator.minimum})"
        return HeatCell("·", "none", missed=False, small=True, note=note)
    verdict = variation(source, indicator, unit, say())
    places = source.decimals[indicator.id]
    missed = indicator.target is not None and not met(indicator, row.value)
    note = " · ".join(text for text in (counts(indicator, row), verdict.label) if text)
    return HeatCell(
        shown(row.value, places), verdict.kind, missed, small=False, note=note, value=row.value, places=places
    )
