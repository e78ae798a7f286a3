"""The hospital at a glance: the overview, and the wall screen."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from xunzhi.measures import HOSPITAL
from xunzhi.reports.source import DEPARTMENT
from xunzhi.web.asked import number
from xunzhi.web.monitor.downloads import workbook
from xunzhi.web.monitor.overview import Filters, Line, Overview, overview_of
from xunzhi.web.monitor.scope import require_unit
from xunzhi.web.monitor.views.common import Results, departments_of, grid_context, on_results
from xunzhi.web.monitor.words import language

WALL_LINES = 12
"""Indicators on one screen: readable from five metres."""


@on_results("overview.view")
def overview(request: HttpRequest, results: Results) -> HttpResponse:
    """All indicators of the hospital by area; a department has a page of its own."""
    if department := request.GET.get("department"):
        address = reverse("monitor:unit", args=[DEPARTMENT, department])
        return redirect(f"{address}?{urlencode({'kind': results.kind, 'period': results.period})}")
    require_unit(results.access, "overview.view", results.institution, HOSPITAL, "")
    found = overview_of(results.source)
    filters = Filters.of(request.GET)
    if request.GET.get("export") == "xlsx":
        return workbook(request, results, found.grid(filters))
    departments = departments_of(results)
    body = results.part(
        "monitor/parts/indicators.html",
        lambda: grid_context(results, found, filters) | {"departments": departments},
        *departments,
    )
    return render(request, "monitor/overview.html", {"results": results, "body": body})


@on_results("overview.view")
def wall(request: HttpRequest, results: Results) -> HttpResponse:
    """A screen for the wall: one area after the other, what got worse first; it asks for the next by itself."""
    require_unit(results.access, "overview.view", results.institution, HOSPITAL, "")
    found = overview_of(results.source)
    screens = results.model.derived(_screens, found)
    if not screens:
        raise Http404
    place = (number(request.GET.get("screen", "")) or 0) % len(screens)
    name, lines, others = screens[place]
    context = {
        "language": language(),
        "results": results,
        "overview": found,
        "area": name,
        "lines": results.part("monitor/parts/wall_lines.html", lambda: {"lines": lines}),
        "others": others,
        "next": (place + 1) % len(screens),
        "place": place + 1,
        "screens": len(screens),
        "now": timezone.localtime(),
    }
    template = "monitor/parts/wall.html" if request.headers.get("HX-Request") else "monitor/wall.html"
    return HttpResponse(render_to_string(template, context))  # without the frame of other pages


def _screens(shown: Overview) -> list[tuple[str, list[Line], int]]:
    """For each area its name, as many lines as fit on a screen, and how many are left out.

    Those that got worse come first, then those that miss their target, then those that got better; of the rest those
    with a target, and zeros last.
    """
    found = []
    for _code, name, lines in shown.areas(Filters()):
        valued = [line for line in lines if line.row.value.value is not None]
        ranked = sorted(valued, key=_urgency)
        if ranked:
            found.append((name, ranked[:WALL_LINES], len(ranked[WALL_LINES:])))
    return found


def _urgency(line: Line) -> tuple[bool, ...]:
    """Sorts first what a passer-by must know."""
    row = line.row
    worse, better = line.is_("concern"), line.is_("improvement")
    return not worse, not line.missed, not better, not row.target.text, not row.value.value
