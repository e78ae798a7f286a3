"""The inbox of signals, and one signal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.asked import number
from xunzhi.web.audit.services import record
from xunzhi.web.cases.access import may_open
from xunzhi.web.cases.errors import Invalid
from xunzhi.web.cases.schema import told
from xunzhi.web.cases.types import case_types
from xunzhi.web.installation import in_language, indicator_name, pack
from xunzhi.web.monitor.overview import matches
from xunzhi.web.monitor.readmodel import current
from xunzhi.web.monitor.services import chart, place_name
from xunzhi.web.monitor.words import language
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import requires
from xunzhi.web.sheets import spreadsheet, workbook
from xunzhi.web.signals import services
from xunzhi.web.signals.inbox import ASKING, BUDGET, QUIET_MONTHS
from xunzhi.web.signals.models import Signal
from xunzhi.web.signals.rows import COLUMNS, Rows
from xunzhi.web.signals.services import SignalError, may_handle, visible

PER_PAGE = 50
SURE, LIKELY = 0.01, 0.05
"""Below these shares of false signals one is called practically certain, or very likely real."""
TO_DO = (Signal.State.NEW, Signal.State.ACKNOWLEDGED)
MADE = ("finding", "project")


@dataclass(frozen=True)
class Filters:
    """What the query string asks for; an empty text is no filter."""

    state: str
    kind: str
    owner: str
    area: str
    text: str

    @classmethod
    def asked(cls, request: HttpRequest) -> Filters:
        """As a query string says them."""
        given = {"state": "todo", "kind": "asking"} | request.GET.dict()
        return cls(*(given.get(name, "") for name in ("state", "kind", "owner", "area", "q")))

    def of(self, signals: QuerySet[Signal]) -> QuerySet[Signal]:
        """The signals asked for."""
        if self.state == "todo":
            signals = signals.filter(state__in=TO_DO)
        elif self.state:
            signals = signals.filter(state=self.state)
        if self.kind == "asking":
            signals = signals.filter(kind__in=ASKING)
        elif self.kind:
            signals = signals.filter(kind=self.kind)
        if self.owner:
            signals = signals.filter(owner=self.owner)
        if self.area or self.text.strip():
            signals = signals.filter(indicator__in=self._indicators())
        return signals

    def _indicators(self) -> list[str]:
        known = pack().indicators.values()
        return [one.id for one in known if self.area in ("", one.area) and matches(one, self.text)]


@requires("signal.view")
def inbox(request: HttpRequest) -> HttpResponse:
    """Signals, the most certain first."""
    seen, filters = visible(request.access), Filters.asked(request)  # type: ignore[attr-defined]
    found = filters.of(seen)
    if request.GET.get("export"):
        return _export(request, found)
    page = Paginator(found.values(*COLUMNS), PER_PAGE).get_page(request.GET.get("page"))
    standards, model = pack(), current()
    counts = dict(seen.order_by().filter(kind__in=ASKING).values_list("state").annotate(Count("pk")))
    context = {
        "page": page,
        "rows": Rows(standards).of(page),
        "filters": filters,
        "choices": _choices(standards.fingerprint, language(), filters),
        "states": [(value, label, counts.get(value, 0)) for value, label in Signal.State.choices],
        "todo": sum(counts.get(state, 0) for state in TO_DO),
        "expected": _expected(request, model),
        "budget": BUDGET,
        "quiet": QUIET_MONTHS,
        "month": model.newest if model else "",
    }
    return render(request, "signals/inbox.html", context)


@lru_cache(maxsize=128)
def _choices(_standards: str, _language: str, filters: Filters) -> SafeString:
    """The form of the filters: the same for everyone who asks for the same."""
    manifest = pack().manifest
    context = {
        "filters": filters,
        "kinds": Signal.Kind.choices,
        "owners": [(key, in_language(label)) for key, label in manifest.owners.items()],
        "areas": [(key, in_language(label)) for key, label in manifest.areas.items()],
    }
    return render_to_string("signals/parts/filters.html", context)


def _dress(signal: Signal) -> None:
    """Add what the page shows in words."""
    owners = pack().manifest.owners
    signal.name = indicator_name(signal.indicator)
    signal.office = in_language(owners[signal.owner]) if signal.owner in owners else ""
    signal.others = len(signal.places) - 1
    signal.certainty = _certainty(signal.q)


def _certainty(q: float) -> str:
    """The share of false signals among those at least as strong, in words."""
    if q < SURE:
        return _("practically certain")
    if q < LIKELY:
        return _("very likely real")
    return _("may be chance: about %(n)d in 100 such signals are") % {"n": round(100 * q)}


def _expected(request: HttpRequest, model: Any) -> list[dict[str, Any]]:
    """For each institution that the visitor sees as a whole: charts judged, signals, false ones to expect."""
    if model is None:
        return []
    tops = request.access.units("signal.view").filter(kind=Unit.Kind.INSTITUTION)  # type: ignore[attr-defined]
    known = set(model.readings.institutions())
    scans = [(unit, model.scan(unit.institution)) for unit in tops if unit.institution in known]
    return [
        {"unit": unit, "charts": scan.charts, "signals": len(scan.signals), "false": scan.expected_false_alarms}
        for unit, scan in scans
    ]


def _export(request: HttpRequest, found: QuerySet[Signal]) -> HttpResponse:
    head = [
        _("Indicator"),
        _("Unit"),
        _("Kind"),
        _("State"),
        _("Since"),
        _("Last seen"),
        _("Value"),
        _("Usual level"),
        "q",
        _("Owner"),
    ]
    lines = []
    for signal in found:
        _dress(signal)
        lines.append([
            signal.name, signal.unit.name, signal.get_kind_display(), signal.get_state_display(), signal.first_month,
            signal.last_month, signal.value, signal.centre, signal.q, signal.office,
        ])  # fmt: skip
    record(request, "export", "signals", detail={"rows": len(lines)})
    file = workbook(head, lines, _("Signals"), f"{request.user} {timezone.localtime():%Y-%m-%d %H:%M}")
    return spreadsheet(file, "signals")


def _signal(request: HttpRequest, pk: int) -> Signal:
    found = visible(request.access).filter(pk=pk).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


@requires("signal.view")
def signal(request: HttpRequest, pk: int) -> HttpResponse:
    """One signal: its chart, where else it stands, what became of it, and what can be done."""
    found = _signal(request, pk)
    _dress(found)
    access = request.access  # type: ignore[attr-defined]
    known = pack().indicators.get(found.indicator)
    makes = [(name, case_types()[name].label) for name in MADE if known and may_open(access, case_types()[name])]
    places = [one | {"name": _place_name(found, one), "what": indicator_name(one["indicator"])} for one in found.places]
    context = {
        "signal": found,
        "sentence": services.sentence(found),
        "drawn": chart(found.indicator, found.institution, found.stratum, found.code, name="chart"),
        "places": places,
        "notes": found.notes.select_related("by__person"),
        "may": may_handle(access, found) and found.open,
        "makes": makes,
        "departments": Unit.objects.filter(institution=found.institution, kind=Unit.Kind.DEPARTMENT, until=None),
        "known": known,
        "today": timezone.localdate(),
    }
    return render(request, "signals/signal.html", context)


def _place_name(found: Signal, place: dict[str, Any]) -> str:
    return place_name(found.institution, place["stratum"], place["unit"]) or found.unit.name


@requires("signal.handle")
@require_POST
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Acknowledge, explain, snooze a signal, or make a case of it."""
    found = _signal(request, pk)
    request.access.require("signal.handle", found.unit)  # type: ignore[attr-defined]
    version = number(request.POST.get("version", "")) or 0
    text = request.POST.get("text", "")
    try:
        match request.POST.get("do"):
            case "acknowledge":
                services.acknowledge(found, request, version, text)
            case "explain":
                services.explain(found, request, version, text)
            case "snooze":
                services.snooze(found, request, version, _day(request.POST.get("until", "")), text)
            case ("finding" | "project") as made:
                case_ = services.send(found, request, version, made, _department(request, found))
                messages.success(
                    request, _("%(number)s is prepared. Complete it, then issue it.") % {"number": case_.number}
                )
                return redirect(case_.get_absolute_url())
            case _:
                raise Http404
    except Invalid as error:
        messages.error(request, told(case_types()[request.POST["do"]], error.errors))
    except SignalError as error:
        messages.error(request, str(error))
    return redirect("signals:signal", pk=found.pk)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SignalError(_("Choose a day.")) from None


def _department(request: HttpRequest, found: Signal) -> Unit:
    chosen = number(request.POST.get("department", ""))
    unit = Unit.objects.filter(pk=chosen, institution=found.institution).first()
    if unit is None:
        raise SignalError(_("Choose the department that shall deal with it."))
    return unit
