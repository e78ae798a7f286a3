"""My work, and the search page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.audit.services import record
from xunzhi.web.navigation import open_to
from xunzhi.web.permissions import signed_in
from xunzhi.web.sheets import spreadsheet, workbook
from xunzhi.web.work.finding import everywhere
from xunzhi.web.work.inbox import mine
from xunzhi.web.work.waiting import Desk, Filters, everything

NEWS = 6
"""Notifications shown beside the work."""


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """My work: what waits for me, by when and why; what I follow; what my department owes."""
    access = request.access  # type: ignore[attr-defined]
    desk = Desk(everything(access), Filters.of(request.GET), timezone.now())
    if request.GET.get("format") == "xlsx":
        return _exported(request, desk)
    context = {
        "desk": desk,
        "news": mine(request).filter(read_at=None)[:NEWS],
        "elsewhere": next((entry for entry in open_to(access) if entry.section == "monitor"), None),
    }
    return render(request, "work/home.html", context)


def _exported(request: HttpRequest, desk: Desk) -> HttpResponse:
    head = [_("What"), _("What is to be done"), _("Kind"), _("Unit"), _("Due"), _("Since")]
    lines = [(item.title, item.why, item.kind, item.unit, item.due, item.since) for item in desk.shown]
    record(request, "export", "my work", detail={"rows": len(lines), "whose": desk.filters.whose})
    return spreadsheet(workbook(head, lines, _("My work")), f"work-{timezone.localdate()}")


@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """What was found for a text, by kind; each room shows only what the visitor may see."""
    text = request.GET.get("q", "").strip()
    groups = everywhere(request.access, text)  # type: ignore[attr-defined]
    return render(request, "work/search.html", {"text": text, "groups": groups})
