"""Departments, wards and people: each beside the whole hospital."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from xunzhi.reports.changes import signal_sentence
from xunzhi.reports.source import DEPARTMENT
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.downloads import workbook
from xunzhi.web.monitor.heat import heat
from xunzhi.web.monitor.overview import Filters, overview_of
from xunzhi.web.monitor.readmodel import Shown
from xunzhi.web.monitor.scope import PEOPLE, names, require_unit, visible
from xunzhi.web.monitor.views.common import Results, departments_of, grid_context, on_results
from xunzhi.web.monitor.words import say
from xunzhi.web.org.models import Person

WARD = "ward"
PLACES = DEPARTMENT, WARD
Named = tuple[str, str]
"""Code and name of a unit."""


@on_results("department.view")
def departments(request: HttpRequest, results: Results) -> HttpResponse:
    """The departments that the visitor may see against key indicators, and his wards."""
    area, text = request.GET.get("area", ""), request.GET.get("q", "").strip()
    units = [(code, name) for code, name in departments_of(results) if text.casefold() in name.casefold()]
    if request.GET.get("export") == "xlsx":
        return workbook(request, results, heat(results.source, units, area).block(), title=_("Departments"))
    wards = _wards(results)
    body = results.part(
        "monitor/parts/departments.html", lambda: _compared(results, units, area, text, wards), *units, "wards", *wards
    )
    return render(request, "monitor/departments.html", {"results": results, "body": body})


def _compared(
    results: Results, units: Sequence[Named], area: str, text: str, wards: Sequence[Named]
) -> dict[str, object]:
    manifest = results.model.pack.manifest
    return {
        "heat": heat(results.source, units, area),
        "area": area,
        "text": text,
        "area_choices": [(code, in_language(label)) for code, label in manifest.areas.items()],
        "wards": wards,
        "ward": WARD,
        "department": DEPARTMENT,
    }


def _wards(results: Results) -> list[tuple[str, str]]:
    """Code and name of the wards with results that the visitor may see."""
    found = results.model.readings.slice(results.institution, WARD, "month")
    codes = sorted(found.units) if found else []
    named = names(results.model, results.institution, WARD)
    allowed = visible(results.access, "department.view", results.institution, WARD, codes)
    return [(code, named.get(code, code)) for code in codes if code in allowed and code]


@on_results("department.view")
def unit(request: HttpRequest, results: Results, stratum: str, code: str) -> HttpResponse:
    """A department or a ward: its results beside those of the hospital, and what moved there."""
    if stratum not in PLACES:
        raise Http404(stratum)
    require_unit(results.access, "department.view", results.institution, stratum, code)
    if not results.has_unit(stratum, code):
        raise Http404(code)
    source = (
        results.source
        if stratum == DEPARTMENT
        else results.model.period(results.institution, results.period, stratum, code)
    )
    found = overview_of(source, code)
    filters = Filters.of(request.GET)
    title = source.name_of(code)
    if request.GET.get("export") == "xlsx":
        return workbook(request, results, found.grid(filters), title, title=title)
    body = results.part(
        "monitor/parts/indicators.html",
        lambda: grid_context(results, found, filters) | _moved(source, stratum, code),
    )
    return render(request, "monitor/unit.html", {"results": results, "body": body, "title": title})


def _moved(source: Shown, stratum: str, code: str) -> dict[str, object]:
    """What moved in a department, in sentences."""
    signals = source.signals(DEPARTMENT, code) if stratum == DEPARTMENT else ()
    moved = [(signal, signal_sentence(source, signal, say()).text) for signal in signals]
    return {"moved": moved, "stratum": stratum, "code": code}


@on_results("person.view")
def people(request: HttpRequest, results: Results) -> HttpResponse:
    """The doctors and surgeons with results whom the visitor may see; one who sees only himself goes to his page."""
    codes = _people_with_results(results)
    allowed = visible(results.access, "person.view", results.institution, PEOPLE[0], codes)
    own = results.access.person
    if own is not None and allowed <= {own.code}:
        return redirect("monitor:person", own.code)
    text = request.GET.get("q", "").strip()
    found = Person.objects.filter(institution=results.institution, code__in=allowed).select_related("unit")
    known = {person.code: person for person in found}
    named = names(results.model, results.institution, PEOPLE[0])
    listed = [
        (code, known.get(code), known[code].name if code in known else named.get(code, code))
        for code in sorted(allowed)
    ]
    sought = text.casefold()
    listed = [
        row
        for row in listed
        if sought in row[2].casefold()
        or sought in row[0].casefold()
        or (row[1] and sought in row[1].unit.name.casefold())
    ]
    page = Paginator(listed, 50).get_page(request.GET.get("page"))
    return render(request, "monitor/people.html", {"results": results, "page": page, "text": text})


def _people_with_results(results: Results) -> set[str]:
    slices = (results.model.readings.slice(results.institution, stratum, "month") for stratum in PEOPLE)
    return {code for found in slices if found for code in found.units if code}


@on_results("person.view")
def person(request: HttpRequest, results: Results, code: str) -> HttpResponse:
    """A doctor's own results, as attending doctor and as surgeon: for himself, his head and the office."""
    require_unit(results.access, "person.view", results.institution, PEOPLE[0], code)
    known = Person.objects.filter(institution=results.institution, code=code).select_related("unit").first()
    if known is None and not any(results.has_unit(stratum, code) for stratum in PEOPLE):
        raise Http404(code)
    parts = []
    for stratum in PEOPLE:
        source = results.model.period(results.institution, results.period, stratum, code)
        found = overview_of(source, code)
        if found.lines:
            label = in_language(results.model.pack.manifest.strata[stratum].label)
            parts.append((stratum, label, grid_context(results, found, Filters.of(request.GET))))
    named = names(results.model, results.institution, PEOPLE[0])
    context = {
        "results": results,
        "parts": parts,
        "code": code,
        "person": known,
        "name": known.name if known else named.get(code, code),
    }
    return render(request, "monitor/person.html", context)
