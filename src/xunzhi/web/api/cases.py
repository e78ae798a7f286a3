"""Cases: list, read, open, move, comment. What identifies patients is masked, always."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema, Status

from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.api.common import FAULTS, Long, Moment, Name, Number, Pages, Said, Text, Token, access_of, paged
from xunzhi.web.cases import services
from xunzhi.web.cases.access import may_open, steps, visible
from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.labels import HIDDEN, is_sensitive
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.pairs import holding
from xunzhi.web.cases.types import case_types
from xunzhi.web.org.models import Unit

router = Router(auth=Token("cases:read"), tags=["cases"])
WRITE = Token("cases:write")
Stage = Literal[tuple(Case.Stage.values)]  # type: ignore[valid-type]


class FieldOut(Schema):
    """A field of a form."""

    name: str
    label: Name
    type: FieldType
    options: list[str]


class TypeOut(Schema):
    """A case type: its states, and the fields to fill in when opening one."""

    name: str
    label: Name
    states: dict[str, Name]
    fields: list[FieldOut]
    may_open: bool


class CaseOut(Schema):
    """A case in a list."""

    id: int
    type: str
    number: str
    title: str
    institution: str
    unit: int
    state: str
    stage: str
    round: int
    assignee: int | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    version: int


class CaseDetail(CaseOut):
    """A case with its values, and the steps that the caller may take now, but for signed ones (in the browser only)."""

    values: dict[str, Any]
    steps: list[str]


class CasePage(Schema):
    """A page of cases, newest first."""

    items: list[CaseOut]
    count: int
    page: int
    size: int


class Opened(Schema):
    """A new case; `unit` is needed only if the form doesn't say whose it is."""

    type: Text
    values: dict[str, Any]
    unit: Number | None = None


class Moved(Schema):
    """A step with a case. `version` is the one that was seen; of many who try at once, one succeeds."""

    step: Text
    version: Number
    values: dict[str, Any] = {}
    comment: Long = ""


class Remark(Schema):
    """A comment; @account mentions someone."""

    text: Said


@router.get(
    "/types", summary=_("Case types with their fields, states and options"), response={200: list[TypeOut], **FAULTS}
)
def types(request: HttpRequest) -> Any:
    """The case types of the pack."""
    access = access_of(request)
    return [
        {
            "name": name,
            "label": Name.of(form.label),
            "states": {state: Name.of(spec.label) for state, spec in form.states.items()},
            "fields": [
                {"name": field, "label": Name.of(spec.label), "type": spec.type, "options": list(spec.options)}
                for field, spec in form.fields.items()
            ],
            "may_open": may_open(access, form) and not form.anonymous,
        }
        for name, form in case_types().items()
    ]


@router.get("", summary=_("Cases, newest first"), response={200: CasePage, **FAULTS})
def cases(
    request: HttpRequest,
    paging: Pages,
    type: Text = "",  # noqa: A002  the word that people use
    state: Text = "",
    stage: Stage | None = None,
    unit: Number | None = None,
    text: Text = "",
    opened_since: Moment | None = None,
) -> Any:
    """The cases that the caller may see; `text` is looked for in number, title and texts."""
    found = visible(access_of(request))
    given = {"type": type, "state": state, "stage": stage, "unit": unit, "opened_at__gte": opened_since}
    found = found.filter(**{name: value for name, value in given.items() if value})
    if text:
        found = found.filter(holding(text))
    return paged(found, paging, _case)


def _case(case: Case) -> dict[str, Any]:
    plain = {name: getattr(case, name) for name in CaseOut.model_fields if name not in ("id", "unit", "assignee")}
    return {**plain, "id": case.pk, "unit": case.unit_id, "assignee": case.assignee_id}


@router.get(
    "/{pk}", summary=_("One case with its values and the steps you may take"), response={200: CaseDetail, **FAULTS}
)
def case(request: HttpRequest, pk: Number) -> Any:
    """One case."""
    return _detail(request, _wanted(request, pk))


def _wanted(request: HttpRequest, pk: int) -> Case:
    seen = visible(access_of(request)).select_related("revision", "unit")
    found: Case = get_object_or_404(seen, pk=pk)
    return found


def _detail(request: HttpRequest, found: Case) -> dict[str, Any]:
    values = _masked(found.form.fields, found.values)
    offered = [name for name, step in steps(access_of(request), found).items() if not step.sign]
    return {**_case(found), "values": values, "steps": offered}


def _masked(fields: Mapping[str, FormField], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without what is personal or identifying, also within tables."""
    shown: dict[str, Any] = {}
    for name, spec in fields.items():
        if name not in values:
            continue
        if is_sensitive(spec):
            shown[name] = HIDDEN
        elif spec.type is FieldType.TABLE:
            shown[name] = [_masked(spec.columns, row) for row in values[name] or ()]
        else:
            shown[name] = values[name]
    return shown


@router.post("", auth=WRITE, summary=_("Open a case"), response={201: CaseDetail, **FAULTS})
def open_case(request: HttpRequest, said: Opened) -> Any:
    """Open a case. Types whose openers stay anonymous are opened in the browser only."""
    form = case_types().get(said.type)
    if form is None:
        raise Http404
    if form.anonymous:
        raise Refused(gettext("File it in the browser: a token would lead to the person who must stay unknown."))
    unit = get_object_or_404(Unit, pk=said.unit) if said.unit else None
    made = services.open_case(said.type, said.values, request, unit)
    return Status(201, _detail(request, made))


@router.post("/{pk}/move", auth=WRITE, summary=_("Take a step with a case"), response={200: CaseDetail, **FAULTS})
def move(request: HttpRequest, pk: Number, said: Moved) -> Any:
    """Take a step. Steps that ask for a signature are taken in the browser only."""
    moved = services.move(_wanted(request, pk), said.step, said.values, request, said.version, said.comment)
    return _detail(request, moved)


@router.post("/{pk}/comments", auth=WRITE, summary=_("Add a comment to a case"), response={200: CaseDetail, **FAULTS})
def comment(request: HttpRequest, pk: Number, said: Remark) -> Any:
    """Add a remark."""
    found = _wanted(request, pk)
    services.comment(found, said.text, request)
    return _detail(request, found)
