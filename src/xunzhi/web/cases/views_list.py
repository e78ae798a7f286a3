"""Pages of many cases: registers, list, board, saved views, bulk actions, export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.standards.cases import CaseType
from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.identity import purpose_given, purposes
from xunzhi.web.asked import number
from xunzhi.web.audit.services import record
from xunzhi.web.cases import board as boards
from xunzhi.web.cases import bulk as many
from xunzhi.web.cases import services
from xunzhi.web.cases.access import may_open, visible
from xunzhi.web.cases.errors import Invalid
from xunzhi.web.cases.exports import MOST, cases_as_workbook, needed
from xunzhi.web.cases.listing import DUE, Listing
from xunzhi.web.cases.listing import MOST as COUNTED
from xunzhi.web.cases.models import Case, SavedView
from xunzhi.web.cases.rows import Record, read, rows
from xunzhi.web.cases.talk import units_to_share_with, views_for
from xunzhi.web.cases.types import case_types
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import refusal, requires
from xunzhi.web.sheets import spreadsheet


def form_or_404(kind: str) -> CaseType:
    """The case type of an address.

    Raises:
        Http404: if there is none.
    """
    form = case_types().get(kind)
    if form is None:
        raise Http404
    return form


@requires("case.view")
def index(request: HttpRequest) -> HttpResponse:
    """All registers, with how much is open and overdue."""
    access: Any = request.access  # type: ignore[attr-defined]
    late = Count("pk", filter=Q(due_at__lt=timezone.now()))
    counted = visible(access).exclude(stage=Case.Stage.DONE).order_by().values("type")
    counts = {row["type"]: row for row in counted.annotate(open=Count("pk"), overdue=late)}
    registers = [
        {"form": form, "may_open": may_open(access, form), **counts.get(kind, {"open": 0, "overdue": 0})}
        for kind, form in case_types().items()
    ]
    context = {"registers": registers, "anonymous": any(form.anonymous for form in case_types().values())}
    return render(request, "cases/index.html", context)


@requires("case.view")
def listing(request: HttpRequest, kind: str) -> HttpResponse:
    """The cases of one type."""
    form = form_or_404(kind)
    found = Listing(request.access, form, request.GET)  # type: ignore[attr-defined]
    page, records = found.page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows(records, form.listing.columns),
        "capped": page.paginator.count >= COUNTED,
        "may_assign": _assignable(form),
        "steps": many.steps_for_many(form, [found.state] if found.state in form.states else found.open_states),
        "purposes": purposes(),
        **_frame(request, form, found, "list"),
    }
    return render(request, "cases/list.html", context)


@requires("case.view")
def board(request: HttpRequest, kind: str) -> HttpResponse:
    """The open cases of one type by state."""
    form = form_or_404(kind)
    found = Listing(request.access, form, request.GET)  # type: ignore[attr-defined]
    return render(
        request, "cases/board.html", {"board": boards.columns(found), **_frame(request, form, found, "board")}
    )


def _frame(request: HttpRequest, form: CaseType, found: Listing, shape: str) -> dict[str, Any]:
    """What list and board share: filters, views, tabs."""
    access: Any = request.access  # type: ignore[attr-defined]
    units = list(units_to_share_with(access))
    return {
        "form": form,
        "listing": found,
        "shape": shape,
        "due_choices": DUE,
        "may_open": may_open(access, form),
        "may_export": access.may_somewhere("case.export"),
        "views": views_for(access, form.case, units),
        "share_with": units,
        "here": request.GET.urlencode(),
    }


def _assignable(form: CaseType) -> bool:
    """Whether the person can be named while a case is open."""
    return form.assignee is not None and any(form.assignee in form.open_fields(state) for state in form.states)


# Saved views


@require_POST
@requires("case.view")
def save_view(request: HttpRequest, kind: str) -> HttpResponse:
    """Keep the filters of the list under a name."""
    form = form_or_404(kind)
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("page", None)
    whom = request.POST.get("for", "")
    units = units_to_share_with(request.access)  # type: ignore[attr-defined]
    unit = get_object_or_404(units, pk=pk) if (pk := number(whom)) is not None else None
    try:
        services.save_view(
            request.POST.get("name", ""), query.urlencode(), request, form.case, shared=whom == "all", unit=unit
        )
    except Invalid:
        messages.error(request, _("Give the view a name."))
    return redirect(f"{reverse('cases:list', args=[kind])}?{query.urlencode()}")


@require_POST
@requires("case.view")
def delete_view(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Drop one of one's own views."""
    get_object_or_404(SavedView, pk=pk, user=request.user, type=form_or_404(kind).case).delete()
    return redirect("cases:list", kind=kind)


# Bulk actions


@require_POST
@requires("case.work")
def bulk(request: HttpRequest, kind: str) -> HttpResponse:
    """Do one thing with the cases that were ticked, and say what became of each."""
    form = form_or_404(kind)
    versions = _ticked(request.POST.getlist("case"))
    chosen = visible(request.access).filter(type=form.case, pk__in=versions)  # type: ignore[attr-defined]
    cases = list(chosen.select_related("revision", "unit", "assignee", "opened_by__person")[: many.MOST])
    action, label = _action(request, form)
    if action is None or not cases:
        return _complain(request, kind, _("Tick some cases and choose what to do with them."))
    outcomes = many.run(cases, versions, action)
    context = {
        "form": form,
        "label": label,
        "outcomes": sorted(outcomes, key=lambda outcome: outcome.done),
        "failed": sum(not outcome.done for outcome in outcomes),
        "back": request.POST.get("query", ""),
    }
    return render(request, "cases/bulk.html", context)


def _ticked(values: list[str]) -> dict[int, int]:
    """Ids with the versions that were seen, from "12:3"."""
    pairs = [value.partition(":") for value in values[: many.MOST]]
    return {
        pk: version
        for first, _colon, second in pairs
        if (pk := number(first)) is not None and (version := number(second)) is not None
    }


def _action(request: HttpRequest, form: CaseType) -> tuple[many.Action | None, str]:
    """What is to be done, and how that is called."""
    match request.POST.get("do", "").split(":"):
        case ["move", step] if step in form.transitions:
            return many.moving(request, step, request.POST.get("comment", "")), in_language(
                form.transitions[step].label
            )
        case ["assign"] if form.assignee and (pk := number(request.POST.get("person", ""))) is not None:
            person = get_object_or_404(Person, pk=pk)
            return many.assigning(request, form.assignee, person.pk, person.name), _("Assign")
        case ["follow"]:
            return many.following(request), _("Follow")
        case _:
            return None, ""


def _complain(request: HttpRequest, kind: str, text: str) -> HttpResponse:
    messages.error(request, text)
    return redirect(f"{reverse('cases:list', args=[kind])}?{request.POST.get('query', '')}")


# Export


@require_POST
@requires("case.export")
@transaction.atomic
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The list, or what was ticked in it, as an Excel file; who took it and why is recorded."""
    form = form_or_404(kind)
    access: Any = request.access  # type: ignore[attr-defined]
    try:
        purpose = purpose_given(request)
    except ValidationError:
        return _complain(request, kind, _("Say what the file is for."))
    found = Listing(access, form, QueryDict(request.POST.get("query", "")))
    allowed = found.cases.filter(access.within("case.export", field="unit", secrecy="secrecy"))
    if ticked := _ticked(request.POST.getlist("case")):
        allowed = allowed.filter(pk__in=ticked)
    records = read(allowed[: MOST + 1], [*needed(form), "unit_id"])
    if len(records) > MOST:
        return _complain(request, kind, _("More than %(most)d cases: filter first.") % {"most": MOST})
    named = "identify" in request.POST
    if named and not _may_name(access, records):
        raise PermissionDenied(refusal("patient.identify"))
    now = timezone.localtime()
    note = _("Exported by %(user)s on %(time)s. Purpose: %(purpose)s") % {
        "user": f"{request.user} ({request.user.get_username()})",
        "time": now.strftime("%Y-%m-%d %H:%M"),
        "purpose": purpose,
    }
    file = cases_as_workbook(form, records, note, masked=not named)
    detail = {"type": kind, "cases": len(records), "filters": found.query.urlencode(), "patients_named": named}
    record(request, "export", f"cases {kind}", purpose, detail)
    return spreadsheet(file, f"{kind}-{now:%Y%m%d-%H%M}")


def _may_name(access: Any, records: list[Record]) -> bool:
    """Whether someone may know the patients of all these cases."""
    units = Unit.objects.in_bulk({record["unit_id"] for record in records})
    pairs = {(record["unit_id"], record["secrecy"]) for record in records}
    return all(access.may("patient.identify", units[unit], secrecy=Secrecy(secrecy)) for unit, secrecy in pairs)
