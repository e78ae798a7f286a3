"""An indicator's page: chart, departments and years beside each other, definition, and the way to its cases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from xunzhi.measures import HOSPITAL, DuckEngine, explain
from xunzhi.reports.appendix import definition_lines
from xunzhi.reports.model import Cell, Column, TableBlock
from xunzhi.reports.overview import counts, grid_row
from xunzhi.reports.quantities import shown
from xunzhi.reports.source import DEPARTMENT
from xunzhi.standards import Aggregate, Indicator
from xunzhi.web.configuration import home
from xunzhi.web.installation import in_language
from xunzhi.web.monitor import figures, services
from xunzhi.web.monitor.comparing import by_year, funnel, ranking, ranking_table
from xunzhi.web.monitor.downloads import picture, sent, table_csv, workbook
from xunzhi.web.monitor.readmodel import Shown
from xunzhi.web.monitor.scope import PEOPLE, names, permission_of, reaches_whole, require_unit, visible
from xunzhi.web.monitor.tables import ranking_rows
from xunzhi.web.monitor.views.common import Results, on_results
from xunzhi.web.monitor.words import language, say
from xunzhi.web.org.services import unit_for
from xunzhi.web.work.rooms import offered

PARTS = "exports", "figures", "definition"
"""Parts of an indicator's page that are kept."""


@dataclass(frozen=True)
class Place:
    """Whose results an indicator's page shows: the whole institution, or a unit of a stratum."""

    stratum: str
    unit: str
    name: str

    @property
    def whole(self) -> bool:
        """Whether it is the whole institution."""
        return self.stratum == HOSPITAL


@dataclass(frozen=True)
class Seen:
    """What an indicator's page shows besides results.

    `strata` are the divisions of which the visitor may see a unit; `units` are code and name of those that he may look
    at beside each other; `may_drill`: into the cases.
    """

    place: Place
    strata: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    marks: tuple[services.Mark, ...]
    may_drill: bool


def wanted_indicator(results: Results, name: str) -> Indicator:
    """The indicator of that id.

    Raises:
        Http404: if there is none.
    """
    if name not in results.model.pack.indicators:
        raise Http404(name)
    return results.model.pack.indicators[name].of(results.institution)


def wanted_place(results: Results, indicator: Indicator) -> Place:
    """The unit asked for, which the visitor must be allowed to see; else the whole institution.

    Raises:
        Http404: for a unit that the visitor may not know of.
    """
    stratum = results.request.GET.get("stratum", HOSPITAL)
    unit = results.request.GET.get("unit", "")
    if stratum == HOSPITAL or stratum not in results.model.pack.manifest.strata:
        require_unit(results.access, "indicator.view", results.institution, HOSPITAL, "")
        return Place(HOSPITAL, "", _("Whole hospital"))
    if not unit:
        choices = unit_choices(results, indicator, stratum)
        if not choices:
            require_unit(results.access, "indicator.view", results.institution, HOSPITAL, "")
            return Place(HOSPITAL, "", _("Whole hospital"))
        unit = choices[0][0]
    require_unit(results.access, permission_of(stratum), results.institution, stratum, unit)
    return Place(stratum, unit, names(results.model, results.institution, stratum).get(unit, unit))


def unit_choices(results: Results, indicator: Indicator, stratum: str) -> list[tuple[str, str]]:
    """Code and name of the units of a stratum with results of an indicator, as far as the visitor may see them."""
    if stratum == HOSPITAL:
        return []
    found = results.model.readings.slice(results.institution, stratum, "month")
    codes = found.units_with(indicator.id) - {""} if found else set()
    allowed = visible(results.access, permission_of(stratum), results.institution, stratum, codes)
    named = names(results.model, results.institution, stratum)
    return sorted(((code, named.get(code, code)) for code in allowed), key=lambda pair: pair[0])


@on_results("indicator.view")
def indicator(request: HttpRequest, results: Results, name: str) -> HttpResponse:
    """The page of an indicator, or a file of what it shows (`?export=csv|xlsx|png|svg`)."""
    found = wanted_indicator(results, name)
    place = wanted_place(results, found)
    seen = _seen(results, found, place)
    if suffix := request.GET.get("export"):
        return _export(request, results, found, seen, suffix)
    context = cache(lambda: _context(results, found, seen))
    shown = {name: results.part(f"monitor/parts/indicator_{name}.html", context, seen) for name in PARTS}
    offers = offered("indicator_panels", "panels")
    panels = [panel for offer in offers for panel in offer(request, found.id, results.institution)]
    manifest = results.model.pack.manifest
    frame = {
        "results": results,
        "indicator": found,
        "place": place,
        "owner": manifest.owners[found.owner],
        "area": manifest.areas[found.area],
        "panels": panels,
    }
    return render(request, "monitor/indicator.html", frame | shown)


def _seen(results: Results, found: Indicator, place: Place) -> Seen:
    """What depends on who asks, and on the database."""
    beside = DEPARTMENT if place.whole else place.stratum
    strata = results.strata(found.id)
    return Seen(
        place,
        tuple(name for name in strata if name == HOSPITAL or unit_choices(results, found, name)),
        tuple(unit_choices(results, found, beside)),
        tuple(services.marks(found.id, results.institution, place.stratum, place.unit)),
        may_drill(results, place),
    )


def _context(results: Results, found: Indicator, seen: Seen) -> dict[str, Any]:
    """What the parts of the page show."""
    place = seen.place
    return {
        "indicator": found,
        "place": place,
        "row": _row(_source(results, place), found, place),
        "values": _values(results, found, place),
        "chart": _chart(results, found, seen),
        "strata": [(code, _stratum_name(results, code)) for code in seen.strata],
        "units": [] if place.whole else seen.units,
        "marks": seen.marks,
        **_compared(results, found, seen),
        **_years(results, found, place),
        **_definition(results, found),
        "may_drill": seen.may_drill,
        "parts": _parts(found),
    }


def _chart(results: Results, found: Indicator, seen: Seen) -> services.Chart | None:
    place, title = seen.place, _title(found, seen.place)
    return services.chart(found.id, results.institution, place.stratum, place.unit, "control", title, marked=seen.marks)


def _title(found: Indicator, place: Place) -> str:
    label = in_language(found.label)
    return label if place.whole else f"{label} · {place.name}"


def _stratum_name(results: Results, stratum: str) -> str:
    strata = results.model.pack.manifest.strata
    return in_language(strata[stratum].label) if stratum in strata else _("Whole hospital")


def _source(results: Results, place: Place) -> Shown:
    if place.whole or place.stratum == DEPARTMENT:
        return results.source
    return results.model.period(results.institution, results.period, place.stratum, place.unit)


def _row(source: Shown, found: Indicator, place: Place) -> dict[str, Any]:
    """The value of the period with all that belongs to it."""
    unit = "" if place.whole else place.unit
    line = grid_row(source, found, unit, say())
    row = source.row(found.id, unit)
    return {"line": line, "counts": counts(found, row), "raw": row}


def _values(results: Results, found: Indicator, place: Place) -> dict[str, Any]:
    """All values of the kind of period: interval of the period shown, a table, and for quarters and years a chart."""
    table = services.series(found.id, results.institution, place.stratum, place.unit, results.kind)
    rows = table.to_pylist()
    places = results.source.decimals[found.id]
    now = next((row for row in rows if row["period"] == results.period), None)
    target = found.target.value if found.target else None
    unit = say().unit(found.unit)
    return {
        "interval": (shown(now["lower"], places), shown(now["upper"], places))
        if now and now["lower"] is not None
        else None,
        "table": _table_of(rows, found, places),
        "spec": figures.of_periods(rows, unit, target) if results.kind != "month" and rows else None,
        "text": _("%(name)s by period, with 95%% intervals.") % {"name": _title(found, place)},
    }


def _table_of(rows: list[dict[str, Any]], found: Indicator, places: int) -> TableBlock:
    texts = say()
    heads = (
        _("Period"),
        f"{texts('grid.value')} ({texts.unit(found.unit)})",
        _("95% interval"),
        _("Numerator"),
        _("Denominator"),
        texts("grid.state"),
    )
    columns = tuple(Column(head, number=index in (1, 3, 4)) for index, head in enumerate(heads))

    def cells(row: dict[str, Any]) -> tuple[Cell, ...]:
        state = (
            texts("state.provisional")
            if row["provisional"]
            else ""
            if row["status"] == "ok"
            else texts(f"state.{row['status']}")
        )
        broken = texts("state.broken") if row["broken"] else ""
        bounds = f"{shown(row['lower'], places)}–{shown(row['upper'], places)}" if row["lower"] is not None else ""
        return (
            Cell(row["period"]),
            _number(row["value"], places),
            Cell(bounds),
            _number(row["numerator"], 0 if _whole(row["numerator"]) else 1),
            _number(row["denominator"], 0),
            Cell(" ".join(word for word in (state, broken) if word)),
        )

    return TableBlock("values", "", columns, tuple(cells(row) for row in reversed(rows)))


def _number(value: float | None, places: int) -> Cell:
    return Cell(shown(value, places), value, places)


def _whole(value: float | None) -> bool:
    return value is None or float(value).is_integer()


def _compared(results: Results, found: Indicator, seen: Seen) -> dict[str, Any]:
    """Units beside each other: departments, or those of the chosen stratum; people only as far as one may see them."""
    stratum = DEPARTMENT if seen.place.whole else seen.place.stratum
    if stratum not in results.strata(found.id):
        return {"ranked": [], "funnel": None}
    source = (
        results.source if stratum == DEPARTMENT else results.model.period(results.institution, results.period, stratum)
    )
    allowed = dict(seen.units)
    hidden = _("another unit")
    rows = ranking(source, found, allowed, hidden)
    if stratum in PEOPLE:
        rows = [row for row in rows if row.code]
    drawn = funnel(source, found, allowed, hidden, "funnel") if stratum == DEPARTMENT else None
    return {
        "compared_name": _stratum_name(results, stratum),
        "ranked": rows,
        "ranking": ranking_rows(rows, results.request.GET, stratum, seen.place.unit, stratum not in PEOPLE),
        "small": sum(row.rank is None for row in rows),
        "funnel": drawn[0] if drawn else None,
        "funnel_spec": figures.stretched(drawn[0].spec) if drawn else None,
        "funnel_small": drawn[1] if drawn else 0,
    }


def _years(results: Results, found: Indicator, place: Place) -> dict[str, Any]:
    table = services.series(found.id, results.institution, place.stratum, place.unit)
    values = by_year(dict(zip(table["period"].to_pylist(), table["value"].to_pylist(), strict=True)))
    years = sorted({str(row["year"]) for row in values})
    if len(years) < 2:
        return {"year_spec": None}
    by_month = {(row["year"], row["month"]): row["value"] for row in values}
    places = results.source.decimals[found.id]
    columns = (Column(_("Month")), *(Column(year, number=True) for year in years))
    rows = tuple(
        (Cell(month), *(_number(by_month.get((year, month)), places) for year in years))
        for month in (f"{month:02d}" for month in range(1, 13))
    )
    return {
        "year_spec": figures.year_on_year(values, say().unit(found.unit)),
        "year_table": TableBlock("years", "", columns, rows),
    }


def _definition(results: Results, found: Indicator) -> dict[str, Any]:
    return {
        "lines": list(definition_lines(results.source, found, say())),
        "revisions": found.revisions,
        "citation": found.revisions[-1].source,
        "verified": say()(f"verified.{found.revisions[-1].source.verified}"),
        "fault": found.id in results.model.state.faults,
    }


def _parts(found: Indicator) -> list[str]:
    """The parts that have cases: numerator and denominator, but for a ratio of other indicators."""
    revision = found.revisions[-1]
    both = {"numerator": revision.numerator, "denominator": revision.denominator}
    return [name for name, part in both.items() if isinstance(part, Aggregate)]


def may_drill(results: Results, place: Place) -> bool:
    """Whether the visitor may see the cases behind the results of a place."""
    access, institution = results.access, results.institution
    if reaches_whole(access, "indicator.drill", institution):
        return True
    if place.whole:
        return False
    if place.stratum in PEOPLE:
        return bool(visible(access, "indicator.drill", institution, place.stratum, [place.unit]))
    unit = unit_for(institution, place.stratum, place.unit)
    return unit is not None and access.may("indicator.drill", unit)


@on_results("indicator.view")
def steps(request: HttpRequest, results: Results, name: str) -> HttpResponse:
    """How the number of a period is computed: SQL, and the rows left after each condition, over the whole hospital."""
    found = wanted_indicator(results, name)
    require_unit(results.access, "indicator.view", results.institution, HOSPITAL, "")
    snapshot = results.model.lake.snapshot(results.model.state.lake_version)
    try:
        with DuckEngine.on(snapshot, spill=home() / "spill") as engine:
            engine.limit([results.institution])
            explanation = explain(engine, results.model.pack, found, results.period)
    except ValueError as error:
        return render(request, "monitor/parts/steps.html", {"error": str(error)})
    side = 1 if language() == "en" else 0
    clauses = [
        (
            clause.part,
            clause.text.split(" / ")[side] if index == 0 and " / " in clause.text else clause.text,
            clause.rows,
        )
        for index, clause in enumerate(explanation.clauses)
    ]
    return render(request, "monitor/parts/steps.html", {"explanation": explanation, "clauses": clauses})


def _export(request: HttpRequest, results: Results, found: Indicator, seen: Seen, suffix: str) -> HttpResponse:
    title = _title(found, seen.place)
    label = f"{title}-{results.kind}"
    if suffix in ("png", "svg") and (chart := _chart(results, found, seen)):
        return sent(request, results, picture(chart.figure, suffix), label, suffix)
    table = _values(results, found, seen.place)["table"]
    if suffix == "csv":
        return sent(request, results, table_csv(table), label, suffix)
    if suffix == "xlsx":
        return workbook(request, results, table, title=title)
    if suffix == "ranking":
        rows = _compared(results, found, seen)["ranked"]
        places = results.source.decimals[found.id]
        return workbook(request, results, ranking_table(found, rows, places), title=title)
    raise Http404(suffix)
