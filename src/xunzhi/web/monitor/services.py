"""What other rooms ask of monitoring: results, charts, indicators to choose from, dates to mark on charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.measures import HOSPITAL
from xunzhi.measures.charts import Block
from xunzhi.measures.results import SCHEMA
from xunzhi.reports.figures import Named, control_chart
from xunzhi.reports.model import Figure
from xunzhi.reports.quantities import places
from xunzhi.web.configuration import home
from xunzhi.web.installation import in_language, lake, pack
from xunzhi.web.monitor import figures, prepare
from xunzhi.web.monitor.figures import Mark, Spec
from xunzhi.web.monitor.readmodel import Model, current
from xunzhi.web.monitor.scope import names
from xunzhi.web.monitor.words import say
from xunzhi.web.work.rooms import offered

__all__ = ["Chart", "Mark", "chart", "indicator_choices", "marks", "place_name", "refresh", "series"]


@dataclass(frozen=True)
class Chart:
    """A control chart for a page.

    `spec` is a Vega-Lite specification, `text` the same in words, `figure` has its data table; `block` and `row` are
    the chart itself (xunzhi.measures.charts).
    """

    spec: Spec
    text: str
    figure: Figure
    block: Block
    row: int


def series(indicator: str, institution: str, stratum: str = HOSPITAL, unit: str = "", kind: str = "month") -> pa.Table:
    """The results of one unit (or the whole institution) by period, with the columns of xunzhi.measures.results.

    Empty where there are none, and before the first computation.
    """
    model = current()
    if model is None:
        return SCHEMA.empty_table()
    table = model.readings.series(institution, stratum, kind, indicators=[indicator])
    if stratum != HOSPITAL:
        table = table.filter(pc.equal(table["unit"], unit))
    return table.filter(pc.is_in(table["period"], pa.array(model.readings.periods(kind), pa.string())))


def chart(
    indicator: str, institution: str, stratum: str = HOSPITAL, unit: str = "", name: str = "", title: str = "",
    marked: Iterable[Mark] | None = None,
) -> Chart | None:  # fmt: skip
    """The control chart of one unit (or the whole institution) through the newest month; None where there is none.

    `name` is its id in the page; `marked` are its marks, if they are known already.
    """
    model = current()
    block = model.block(indicator, institution, stratum) if model else None
    if model is None or block is None or (stratum != HOSPITAL and unit not in block.units):
        return None
    row = block.unit(unit) if stratum != HOSPITAL else 0
    label = title or in_language(block.indicator.label)
    named = Named(name or f"chart-{indicator}", label, unit, decimals(model, indicator, institution))
    figure = control_chart(block, row, named, say())
    measured = say().unit(block.indicator.unit)
    days = marks(indicator, institution, stratum, unit) if marked is None else marked
    spec = figures.on_screen(figure.spec, block.chart, measured, list(days))
    return Chart(spec, figure.summary.text, figure, block, row)


def decimals(model: Model, indicator: str, institution: str) -> int:
    """Decimal places of an indicator, the same wherever it stands."""
    hospital = model.block(indicator, institution)
    return places(model.pack.indicators[indicator], hospital.value[0].tolist() if hospital else ())


def indicator_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Area → (id, name) of each indicator, in the reader's language: choices of a form."""
    manifest = pack().manifest
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in manifest.areas}
    for indicator in pack().indicators.values():
        found[indicator.area].append((indicator.id, in_language(indicator.label)))
    return [(in_language(manifest.areas[area]), choices) for area, choices in found.items() if choices]


def place_name(institution: str, stratum: str, unit: str) -> str:
    """A unit's name as the results have it, else its code; "" for the whole institution."""
    model = current()
    return names(model, institution, stratum).get(unit, unit) if model else unit


def marks(indicator: str, institution: str, stratum: str = HOSPITAL, unit: str = "") -> Iterator[Mark]:
    """Days to be marked on a chart: what rooms offer as `marks(…)` in a module chart_marks.py, in order."""
    given = [mark for offer in offered("chart_marks", "marks") for mark in offer(indicator, institution, stratum, unit)]
    yield from sorted(given, key=lambda mark: (mark.day, mark.label))


def refresh(progress: prepare.Progress | None = None) -> None:
    """Prepare the newest results for pages, unless that is done.

    Raises:
        MeasureError: while a computation is writing them.
    """
    prepare.prepare(lake(), home(), progress)
