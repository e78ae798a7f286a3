"""Files of cases, the lists that forms choose from, and print-outs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.identity import identify, may_identify, purpose_given
from xunzhi.web.audit.services import record
from xunzhi.web.cases import access as rules
from xunzhi.web.cases import printing, services
from xunzhi.web.cases.errors import CaseError
from xunzhi.web.cases.files import may_fetch_waiting, served
from xunzhi.web.cases.models import Attachment, Case
from xunzhi.web.cases.papers import paper_sheet, papers
from xunzhi.web.cases.printing_pdf import as_pdf
from xunzhi.web.cases.printing_word import as_word
from xunzhi.web.cases.views_case import access_of, case_or_404, patients
from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import refusal, requires, signed_in

MOST = 12
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


# Files


@require_POST
@signed_in
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file for a form that is not filed yet; it belongs to who sent it."""
    sent = request.FILES.get("file")
    if sent is None:
        return JsonResponse({"error": _("No file arrived.")}, status=400)
    try:
        made = services.upload(sent, request)
    except CaseError as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"id": str(made.pk), "name": made.name, "size": made.size})


@require_POST
@signed_in
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a file to a case."""
    found = case_or_404(request, pk)
    if not rules.may_work(access_of(request), found):
        raise PermissionDenied
    sent = request.FILES.get("file")
    if sent is None:
        return JsonResponse({"error": _("No file arrived.")}, status=400)
    try:
        made = services.attach(found, sent, request)
    except CaseError as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"id": str(made.pk), "name": made.name, "size": made.size})


@signed_in
def file(request: HttpRequest, pk: str) -> HttpResponse:
    """A file, for those who may see its case; one that waits to be filed, for who sent it."""
    found = get_object_or_404(Attachment.objects.select_related("case__unit"), pk=pk)
    if found.case is None:
        if not may_fetch_waiting(found, request.user):
            raise Http404
    elif not rules.may_see(access_of(request), found.case):
        raise Http404
    return served(found)  # type: ignore[return-value]


# Choosing


@signed_in
def pick(request: HttpRequest, kind: str) -> HttpResponse:
    """Persons, units or indicators whose name or code has a text in it, for the fields that choose one."""
    text = request.GET.get("q", "").strip()
    match kind:
        case "person":
            options = _persons(request, text)
        case "unit":
            options = _units(request, text)
        case "indicator":
            options = _indicators(text)
        case _:
            raise Http404
    return JsonResponse({"options": options, "none": _("Nothing found")})


def _own(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the institutions in which the visitor works or has a role."""
    access = access_of(request)
    places = {held.institution for held in access.held} | ({access.person.institution} if access.person else set())
    today = timezone.localdate()
    return rows.filter(Q(until=None) | Q(until__gte=today), since__lte=today, institution__in=places)


def _persons(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    people = _own(request, Person.objects.select_related("unit"))
    if text:
        people = people.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(unit__name__icontains=text))
    elif (person := access_of(request).person) is not None:
        people = people.filter(unit__path__startswith=person.unit.path)
    return [
        {"id": person.pk, "text": person.name, "note": f"{person.unit} {person.title}".strip()}
        for person in people[:MOST]
    ]


def _units(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    units = _own(request, Unit.objects.select_related("parent"))
    if kinds := [kind for kind in request.GET.get("kinds", "").split(",") if kind]:
        units = units.filter(kind__in=kinds)
    if text:
        units = units.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(name_en__icontains=text))
    return [
        {"id": unit.pk, "text": unit.name, "note": f"{unit.get_kind_display()} {unit.code}"} for unit in units[:MOST]
    ]


def _indicators(text: str) -> list[dict[str, Any]]:
    known = [(name, indicator.label) for name, indicator in pack().indicators.items()]
    wanted = text.lower()
    fits = [one for one in known if wanted in f"{one[0]} {one[1].zh} {one[1].en}".lower()]
    return [{"id": name, "text": in_language(label), "note": name} for name, label in fits[:MOST]]


# Print-outs


@require_POST
@requires("case.view")
@transaction.atomic
def print_case(request: HttpRequest, pk: int) -> HttpResponse:
    """A case on paper, whole or as a notice or the like: PDF or Word; who printed it and why is recorded on it."""
    found = case_or_404(request, pk)
    wanted = request.POST.get("paper", "")
    if wanted and wanted not in papers(found.form):
        raise Http404
    named = "identify" in request.POST
    secrecy = Secrecy(found.secrecy)
    if named and not may_identify(request, found.unit, secrecy=secrecy):
        raise PermissionDenied(refusal("patient.identify"))
    try:
        purpose = purpose_given(request)
    except ValidationError:
        messages.error(request, _("Say what the print-out is for."))
        return redirect(found)
    sheet = _sheet(request, found, wanted, masked=not named)
    word = request.POST.get("format") == "word"
    content = as_word(sheet) if word else as_pdf(sheet)
    if named:
        identify(request, purpose, patients(found), found.unit, action="print", secrecy=secrecy)
    else:
        detail = {"type": found.type, "paper": wanted, "format": "word" if word else "pdf"}
        record(request, "print", f"case {found.number}", purpose, detail, institution=found.institution)
    response = HttpResponse(content, content_type=WORD if word else "application/pdf")
    ending, place = ("docx", "attachment") if word else ("pdf", "inline")
    name = f"{found.number}-{wanted}" if wanted else found.number
    response["Content-Disposition"] = f'{place}; filename="{name}.{ending}"'
    return response


def _sheet(request: HttpRequest, found: Case, wanted: str, *, masked: bool) -> printing.Sheet:
    name, account = str(request.user), request.user.get_username()
    if wanted:
        return paper_sheet(found, papers(found.form)[wanted], name, account, masked=masked)
    return printing.sheet(found, name, account, masked=masked)
