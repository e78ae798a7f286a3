"""The cases behind a number: masked, or with a purpose and a record; and the rows of data that a case came from."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from xunzhi.measures import HOSPITAL, Wanted
from xunzhi.standards import Indicator
from xunzhi.web.accounts.identity import identify, may_identify, purpose_given, purposes
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.drilling import LIMIT, Drill
from xunzhi.web.monitor.scope import PEOPLE
from xunzhi.web.monitor.views.common import Results, on_results
from xunzhi.web.monitor.views.indicator import Place, may_drill, wanted_indicator, wanted_place
from xunzhi.web.org.models import Unit
from xunzhi.web.org.services import unit_for
from xunzhi.web.permissions import refusal

PARTS = "numerator", "denominator"


@on_results("indicator.drill")
def cases(request: HttpRequest, results: Results, name: str) -> HttpResponse:
    """The cases behind a numerator or denominator; a POST with a purpose shows who the patients are."""
    found = wanted_indicator(results, name)
    place = _place(results, found)
    drill = _drill(results, found, place)
    unit = unit_for(results.institution, HOSPITAL if place.whole else place.stratum, place.unit)
    try:
        heads = drill.heads()
    except ValueError as error:
        return render(
            request, "monitor/cases.html", _context(results, found, place, drill, unit) | {"error": str(error)}
        )
    identified, error = _identified(request, unit, lambda: drill.patients)
    listed = drill.listed(identified)
    shown = {
        "heads": heads,
        "cases": listed,
        "identified": identified,
        "purpose_error": error,
        "more": len(listed) == LIMIT,
    }
    return render(request, "monitor/cases.html", _context(results, found, place, drill, unit) | shown)


@on_results("indicator.drill")
def rows(request: HttpRequest, results: Results, name: str, token: str) -> HttpResponse:
    """The rows of data that a case came from; a POST with a purpose shows who the patient is."""
    found = wanted_indicator(results, name)
    place = _place(results, found)
    drill = _drill(results, found, place)
    unit = unit_for(results.institution, HOSPITAL if place.whole else place.stratum, place.unit)
    try:
        origins = drill.rows_of(token)
    except ValueError as error:
        raise Http404 from error
    if origins is None:
        raise Http404(token)
    identified, error = _identified(request, unit, lambda: drill.patients_of(token))
    if identified:
        origins = drill.rows_of(token, identified=True) or []
    shown = {"token": token, "origins": origins, "identified": identified, "purpose_error": error}
    return render(request, "monitor/case_rows.html", _context(results, found, place, drill, unit) | shown)


def _place(results: Results, found: Indicator) -> Place:
    """Whose cases: those of a unit that the visitor may drill into.

    Raises:
        PermissionDenied: for any other.
    """
    place = wanted_place(results, found)
    if not may_drill(results, place):
        raise PermissionDenied(refusal("indicator.drill"))
    return place


def _drill(results: Results, found: Indicator, place: Place) -> Drill:
    part = results.request.GET.get("part", "")
    wanted = Wanted(
        period=results.period,
        part=part if part in PARTS else PARTS[0],
        institution=results.institution,
        stratum=place.stratum,
        unit=None if place.whole else place.unit,
        limit=LIMIT,
    )
    return Drill(results.model, found, wanted)


def _identified(request: HttpRequest, unit: Unit | None, patients: Callable[[], list[str]]) -> tuple[bool, str]:
    """Whether who the patients are may be shown now, and what is missing for that."""
    if request.method != "POST":
        return False, ""
    if unit is None:
        raise PermissionDenied(refusal("patient.identify"))
    try:
        with transaction.atomic():
            identify(request, purpose_given(request), patients(), unit)
    except ValidationError as error:
        return False, " ".join(error.messages)
    return True, ""


def _context(results: Results, found: Indicator, place: Place, drill: Drill, unit: Unit | None) -> dict[str, object]:
    can = unit is not None and may_identify(results.request, unit)
    return {
        "results": results,
        "indicator": found,
        "place": place,
        "part": drill.wanted.part,
        "what": _what(drill),
        "may_identify": can,
        "purposes": purposes() if can else {},
        "people": place.stratum in PEOPLE,
    }


def _what(drill: Drill) -> str:
    try:
        return in_language(drill.grain.row)
    except ValueError:
        return ""
