"""One indicator, unit by unit: values of a period in order, none ranked that is too small, names only where allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow.compute as pc
from django.utils.translation import gettext as _

from xunzhi.measures import kind_of
from xunzhi.reports.comparison import compare
from xunzhi.reports.figures import Compared, Named, funnel_chart
from xunzhi.reports.model import Cell, Column, Figure, TableBlock
from xunzhi.reports.overview import GOOD, counts, met
from xunzhi.reports.quantities import shown
from xunzhi.reports.source import Row, counted_enough, known
from xunzhi.standards import Indicator
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.readmodel import Shown
from xunzhi.web.monitor.words import say


@dataclass(frozen=True)
class Ranked:
    """A unit's value of a period with its interval; `rank` None for one below the minimum denominator.

    `code` is '' for a unit that the reader may not look at; it has no name then.
    """

    code: str
    name: str
    rank: int | None
    value: str
    lower: str
    upper: str
    counts: str
    missed: bool
    share: float
    number: float

    @property
    def interval(self) -> str:
        """The interval as text."""
        return f"{self.lower}–{self.upper}" if self.lower != "–" else ""


def ranking(source: Shown, indicator: Indicator, names: Mapping[str, str], hidden: str) -> list[Ranked]:
    """The units of the period, the best first; those too small to be ranked last.

    `names` holds the units that the reader may look at; all others are called `hidden`. Without a good side the
    highest comes first.
    """
    found_rows = ((unit, source.row(indicator.id, unit)) for unit in source.units)
    rows = {unit: row for unit, row in found_rows if row is not None and row.value is not None}
    bounds = _intervals(source, indicator)
    order = sorted(rows, key=lambda unit: _place(indicator, rows[unit], unit))
    largest = max((abs(row.value) for row in rows.values() if row.value is not None), default=0.0) or 1.0
    rank, found = 0, []
    for unit in order:
        row = rows[unit]
        large = counted_enough(indicator, row.denominator)
        rank += large
        found.append(
            _ranked(
                source,
                indicator,
                row,
                bounds.get(unit, (None, None)),
                largest,
                rank if large else None,
                unit if unit in names else "",
                names.get(unit, hidden),
            )
        )
    return found


def _place(indicator: Indicator, row: Row, unit: str) -> tuple[bool, float, str]:
    side = GOOD[indicator.direction] or 1
    return not counted_enough(indicator, row.denominator), -side * (row.value or 0.0), unit


def _ranked(
    source: Shown, indicator: Indicator, row: Row, bounds: tuple[float | None, float | None], largest: float,
    rank: int | None, code: str, name: str,
) -> Ranked:  # fmt: skip
    places, value = source.decimals[indicator.id], row.value or 0.0
    return Ranked(
        code=code,
        name=name,
        rank=rank,
        value=shown(value, places),
        lower=shown(bounds[0], places),
        upper=shown(bounds[1], places),
        counts=counts(indicator, row),
        missed=rank is not None and indicator.target is not None and not met(indicator, value),
        share=round(100 * abs(value) / largest, 1),
        number=value,
    )


def _intervals(source: Shown, indicator: Indicator) -> dict[str, tuple[float | None, float | None]]:
    """The stored 95 % intervals of the period by unit."""
    found = source.model.readings.slice(source.institution, source.division, kind_of(source.period))
    if found is None:
        return {}
    table = found.of_indicators([indicator.id]).select(["unit", "period", "lower", "upper"])
    rows = table.filter(pc.equal(table["period"], source.period)).to_pylist()
    return {row["unit"]: (row["lower"], row["upper"]) for row in rows}


def funnel(
    source: Shown, indicator: Indicator, names: Mapping[str, str], hidden: str, name: str
) -> tuple[Figure, int] | None:
    """The funnel plot over twelve months, and how many units are too small for it; None where there is too little."""
    charts = source.charts(source.division).get(indicator.id)
    if charts is None or indicator.kind not in ("proportion", "rate"):
        return None
    found = compare(source, charts)
    if found is None:
        return None
    units = tuple(_named(unit, names, hidden) for unit in found.units)
    named = Named(name, in_language(indicator.label), "", source.decimals[indicator.id])
    unit = say().unit(indicator.unit)
    return funnel_chart(found.funnel, units, named, indicator.scale, unit, say()), len(found.too_small)


def _named(unit: Compared, names: Mapping[str, str], hidden: str) -> Compared:
    return unit if unit.unit in names else replace(unit, name=hidden)


def ranking_table(indicator: Indicator, rows: list[Ranked], places: int) -> TableBlock:
    """The ranking for Excel."""
    texts = say()
    value = f"{texts('grid.value')} ({texts.unit(indicator.unit)})"
    heads = ("", texts("grid.unit"), value, _("95% interval"), texts("grid.counts"))
    columns = tuple(Column(head, number=index == 2) for index, head in enumerate(heads))
    return TableBlock(
        "ranking",
        "",
        columns,
        tuple(
            (
                Cell(str(row.rank or "–")),
                Cell(row.name),
                Cell(row.value, row.number, places),
                Cell(row.interval),
                Cell(row.counts),
            )
            for row in rows
        ),
    )


def by_year(values: Mapping[str, float | None]) -> list[dict[str, object]]:
    """Month → value as rows of year, month of the year and value."""
    return [
        {"year": month[:4], "month": month[5:], "value": known(value)}
        for month, value in sorted(values.items())
        if value is not None
    ]
