"""Signals, and what becomes of them."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from xunzhi.web.api.common import FAULTS, Day, Long, Number, Pages, Text, Token, access_of, need, paged
from xunzhi.web.signals import services
from xunzhi.web.signals.models import Signal

router = Router(auth=Token("signals:read"), tags=["signals"])
WRITE = Token("signals:write")
SignalState = Literal[tuple(Signal.State.values)]  # type: ignore[valid-type]
SignalKind = Literal[tuple(Signal.Kind.values)]  # type: ignore[valid-type]


class SignalOut(Schema):
    """A cause that moved one or several charts; `case` is what was made of it. Send `version` back to handle it."""

    id: int
    institution: str
    unit: int
    indicator: str
    stratum: str
    code: str
    owner: str
    kind: str
    state: str
    urgent: bool
    first_month: str
    last_month: str
    months: int
    value: float
    centre: float
    q: float
    provisional: bool
    snoozed_until: date | None
    case: int | None
    version: int


class SignalPage(Schema):
    """A page of signals, the most certain first."""

    items: list[SignalOut]
    count: int
    page: int
    size: int


class Seen(Schema):
    """The version that was seen, and why."""

    version: Number
    text: Long = ""


class Snooze(Seen):
    """Until when to ask no more."""

    until: Day


class Send(Schema):
    """Make a case of it, for a department."""

    version: Number
    type: Text = "finding"
    department: Number


@router.get("", summary=_("Signals"), response={200: SignalPage, **FAULTS})
def signals(
    request: HttpRequest,
    paging: Pages,
    state: SignalState | None = None,
    kind: SignalKind | None = None,
    indicator: Text = "",
) -> Any:
    """The signals that the caller may see."""
    access = access_of(request)
    need(access, "signal.view")
    given = {"state": state, "kind": kind, "indicator": indicator}
    found = services.visible(access).filter(**{name: value for name, value in given.items() if value})
    return paged(found, paging, _signal)


def _signal(signal: Signal) -> dict[str, Any]:
    plain = {name: getattr(signal, name) for name in SignalOut.model_fields if name not in ("unit", "case", "id")}
    return {**plain, "id": signal.pk, "unit": signal.unit_id, "case": signal.case_id}


@router.get("/{pk}", summary=_("One signal"), response={200: SignalOut, **FAULTS})
def signal(request: HttpRequest, pk: Number) -> Any:
    """One signal."""
    return _signal(_wanted(request, pk))


def _wanted(request: HttpRequest, pk: int) -> Signal:
    found: Signal = get_object_or_404(services.visible(access_of(request)), pk=pk)
    return found


def _handled(request: HttpRequest, pk: int) -> Signal:
    found = _wanted(request, pk)
    access_of(request).require("signal.handle", found.unit)
    return found


@router.post("/{pk}/acknowledge", auth=WRITE, summary=_("Look into a signal"), response={200: SignalOut, **FAULTS})
def acknowledge(request: HttpRequest, pk: Number, said: Seen) -> Any:
    """Someone looks into it."""
    services.acknowledge(_handled(request, pk), request, said.version, said.text)
    return _signal(_wanted(request, pk))


@router.post(
    "/{pk}/explain",
    auth=WRITE,
    summary=_("Explain a signal, so that nothing needs to be done"),
    response={200: SignalOut, **FAULTS},
)
def explain(request: HttpRequest, pk: Number, said: Seen) -> Any:
    """It is known why, and nothing needs to be done."""
    services.explain(_handled(request, pk), request, said.version, said.text)
    return _signal(_wanted(request, pk))


@router.post(
    "/{pk}/snooze", auth=WRITE, summary=_("Ask again about a signal on a day"), response={200: SignalOut, **FAULTS}
)
def snooze(request: HttpRequest, pk: Number, said: Snooze) -> Any:
    """Ask again on a day."""
    services.snooze(_handled(request, pk), request, said.version, said.until, said.text)
    return _signal(_wanted(request, pk))


@router.post(
    "/{pk}/send",
    auth=WRITE,
    summary=_("Make a finding or a project of a signal, with its figures"),
    response={200: SignalOut, **FAULTS},
)
def send(request: HttpRequest, pk: Number, said: Send) -> Any:
    """Make a finding or a project of it, with the figures filled in."""
    department = get_object_or_404(access_of(request).units("signal.view"), pk=said.department)
    services.send(_handled(request, pk), request, said.version, said.type, department)
    return _signal(_wanted(request, pk))
