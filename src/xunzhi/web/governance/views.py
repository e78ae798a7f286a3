"""Targets, baselines, and the trial of a change."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xunzhi.web.audit.services import record
from xunzhi.web.cases.access import may_open, steps, visible
from xunzhi.web.cases.types import case_types
from xunzhi.web.governance import decisions
from xunzhi.web.governance.decisions import DecisionError
from xunzhi.web.governance.proposals import Proposed, proposals
from xunzhi.web.installation import in_language, indicator_name, pack
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.monitor.readmodel import current
from xunzhi.web.monitor.scope import institutions
from xunzhi.web.monitor.services import place_name
from xunzhi.web.permissions import requires
from xunzhi.web.sheets import spreadsheet, workbook

PER_PAGE = 20
_BETTER = {True: gettext_lazy("Better than before"), False: gettext_lazy("Worse than before"), None: ""}
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@requires("indicator.view")
def targets(request: HttpRequest) -> HttpResponse:
    """All decisions on targets; set one."""
    chosen = request.GET.get("indicator", "")
    if request.method == "POST":
        request.access.require("target.set", request.access.person.unit if request.access.person else None)  # type: ignore[attr-defined]
        chosen = request.POST.get("indicator", "")
        try:
            _decide(request, chosen)
        except DecisionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The target is set; it stands on the chart with its reason."))
        return redirect(f"{request.path}?indicator={chosen}")
    person = request.access.person  # type: ignore[attr-defined]
    here = person.institution if person else None
    indicator = pack().indicators.get(chosen)
    indicator = indicator.of(here) if indicator and here else indicator
    decided = [(one, indicator_name(one.indicator)) for one in decisions.targets(chosen, here)]
    if "export" in request.GET:
        head = [_("Indicator"), _("Target"), _("From month"), _("Reason"), _("Decided"), _("Decided by")]
        lines = [[name, one.value, one.since, one.reason, one.decided, one.author] for one, name in decided]
        return _file(request, "targets", _("Targets"), head, lines)
    context = {
        "decisions": decided,
        "indicator": indicator,
        "choices": [
            (one.id, in_language(one.label)) for one in pack().indicators.values() if one.direction != "monitor"
        ],
        "may": request.access.may_somewhere("target.set"),  # type: ignore[attr-defined]
        "this_month": f"{timezone.localdate():%Y-%m}",
    }
    return render(request, "governance/targets.html", context)


def _decide(request: HttpRequest, indicator: str) -> None:
    month, text = request.POST.get("from", ""), request.POST.get("value", "").strip()
    if not MONTH.fullmatch(month):
        raise DecisionError(_("Choose the month from which the target holds."))
    try:
        value = float(text) if text else None
    except ValueError:
        raise DecisionError(_("The target must be a number.")) from None
    decisions.decide_target(indicator, value, month, request.POST.get("reason", ""), request)


@requires("indicator.view")
def baselines(request: HttpRequest) -> HttpResponse:
    """Baselines that the program proposes, and those that were signed."""
    model = current()
    access = request.access  # type: ignore[attr-defined]
    known = model.readings.institutions() if model else []
    may = institutions(access, "baseline.sign", known)
    proposed = [one for name in may for one in proposals(name)]
    if request.method == "POST":
        if not may:
            access.require("baseline.sign")
        return _signed(request, proposed)
    seen = ["", *institutions(access, "indicator.view", known)]
    decided = [one for one in decisions.baselines() if one.institution in seen]
    names = {(one.institution, one.indicator, one.stratum, one.unit, one.first) for one in decided}
    here = access.person.institution if access.person else ""
    signed = [
        (one, indicator_name(one.indicator), place_name(one.institution or here, one.stratum, one.unit))
        for one in decided
    ]
    whole = _("Whole hospital")
    if request.GET.get("export") == "signed":
        head = [_("Indicator"), _("Unit"), _("From month"), _("To month"), _("Reason"), _("Decided"), _("Decided by")]
        lines = [
            [name, place or whole, one.first, one.last, one.reason, one.decided, one.author]
            for one, name, place in signed
        ]
        return _file(request, "baselines", _("Baselines"), head, lines)
    left = [
        one
        for one in proposed
        if not {(place, one.indicator, one.stratum, one.unit, one.first) for place in ("", one.institution)} & names
    ]
    asked = {name: request.GET.get(name, "") for name in ("area", "place", "way")}
    chosen = [one for one in left if _asked_for(one, **asked)]
    if request.GET.get("export") == "proposed":
        head = [
            _("Indicator"),
            _("Unit"),
            _("From month"),
            _("To month"),
            _("Level before"),
            _("Level after"),
            _("Better or worse"),
        ]
        lines = [
            [one.name, one.place or whole, one.first, one.last, one.before, one.after, _BETTER[one.better]]
            for one in chosen
        ]
        return _file(request, "proposed-baselines", _("Proposed"), head, lines)
    context = {
        "page": Paginator(chosen, PER_PAGE).get_page(request.GET.get("page")), "asked": asked, "all": len(left),
        "areas": [(code, in_language(label)) for code, label in pack().manifest.areas.items()],
        "places": sorted({(one.unit, one.place) for one in left if one.place}, key=lambda pair: pair[1]),
        "signed": signed, "may": bool(may),
    }  # fmt: skip
    return render(request, "governance/baselines.html", context)


@transaction.atomic
def _file(request: HttpRequest, name: str, title: str, head: list[str], lines: list[list[Any]]) -> HttpResponse:
    """A list as an Excel file; that it was taken away is in the log."""
    record(request, "export", name, detail={"rows": len(lines)})
    return spreadsheet(workbook(head, lines, title), f"{name}-{timezone.localdate()}")


def _asked_for(one: Proposed, area: str, place: str, way: str) -> bool:
    """Whether the filters ask for a proposal; the place `whole` is the hospital."""
    ways = {"better": one.better is True, "worse": one.better is False}
    return area in ("", one.area) and place in ("", one.unit or "whole") and ways.get(way, True)


def _signed(request: HttpRequest, proposed: list[Proposed]) -> HttpResponse:
    """Sign the proposal that was sent, and come back to the same page of the list."""
    one = next((one for one in proposed if one.key == request.POST.get("proposal", "")), None)
    if one is None:
        raise Http404
    try:
        decisions.sign_baseline(one, request.POST.get("reason", ""), request)
    except DecisionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The baseline is signed; the charts are being drawn anew."))
    return redirect(request.get_full_path())


@requires("case.view")
@require_POST
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a change on last year's data, in the background."""
    access = request.access  # type: ignore[attr-defined]
    case = visible(access).filter(pk=pk, type="indicator_change").first()
    if case is None:
        raise Http404
    if not steps(access, case):
        access.require("indicator.propose", case.unit)
    enqueue("governance.trial", {"case": case.pk}, key=f"trial {case.pk}", by=request.user)
    messages.success(request, _("The trial has begun; its result appears on this page."))
    return redirect(case.get_absolute_url())


@requires("indicator.view")
def changes(request: HttpRequest) -> HttpResponse:
    """The way to the changes of indicators: what is under way, and how to propose one."""
    access = request.access  # type: ignore[attr-defined]
    found = visible(access).filter(type="indicator_change").select_related("revision", "unit")[:100]
    context = {"cases": found, "may": may_open(access, case_types()["indicator_change"])}
    return render(request, "governance/changes.html", context)
