"""The audit log in the browser, for those who audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.audit.listing import Filters, entries, page
from xunzhi.web.audit.models import Entry
from xunzhi.web.audit.services import record
from xunzhi.web.audit.words import action_said, purpose_said
from xunzhi.web.jobs.services import enqueue, standing
from xunzhi.web.permissions import requires
from xunzhi.web.sheets import spreadsheet, workbook

MOST = 50_000
"""Rows of one export; of more, the newest."""

SUGGESTED = 300
"""Newest entries whose actions are suggested in the filter."""


@requires("audit.view")
def log(request: HttpRequest) -> HttpResponse:
    """The log, newest first, filtered by person, action, thing, institution and time."""
    filters = Filters.of(request.GET)
    shown = entries(request.access, filters)  # type: ignore[attr-defined]
    if request.GET.get("format") == "xlsx":
        return _exported(request, filters, shown[:MOST])
    found, before = page(shown, request.GET.get("before", ""))
    context = {
        "entries": found,
        "before": before,
        "turned": bool(request.GET.get("before")),
        "filters": filters,
        "actions": sorted(set(Entry.objects.values_list("action", flat=True).order_by("-number")[:SUGGESTED])),
        "standing": standing("audit.verify"),
    }
    return render(request, "audit/log.html", context)


def _exported(request: HttpRequest, filters: Filters, shown: Any) -> HttpResponse:
    """The log as a workbook; that it was taken away is in the log."""
    head = [
        "#",
        _("Time"),
        _("Person"),
        _("Address"),
        _("Action"),
        _("Code"),
        _("Thing"),
        _("Purpose"),
        _("Detail"),
        "SHA-256",
    ]
    made = f"{request.user.get_username()} {timezone.localtime():%Y-%m-%d %H:%M}"
    content = workbook(head, _lines(shown), _("Audit log"), made)
    record(request, "export", "audit log", detail=filters.said())
    return spreadsheet(content, f"audit-{timezone.localdate()}")


def _lines(shown: Any) -> Iterator[list[Any]]:
    for entry in shown.iterator(chunk_size=2000):
        yield [
            entry.number, entry.at, entry.name, entry.address, action_said(entry.action), entry.action, entry.thing,
            purpose_said(entry.purpose), "" if entry.detail == "{}" else entry.detail, entry.hash,
        ]  # fmt: skip


@requires("audit.view")
@require_POST
def verify_now(request: HttpRequest) -> HttpResponse:
    """Queue the verification."""
    enqueue("audit.verify", key="audit.verify", by=request.user)
    messages.info(request, _("The log is being verified; the result appears here."))
    return redirect("audit:log")
