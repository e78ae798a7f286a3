"""Pages of this room."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xunzhi.web.permissions import signed_in
from xunzhi.web.work.finding import everywhere
from xunzhi.web.work.models import Notification
from xunzhi.web.work.waiting import everything

PAGE = 30


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """My work."""
    return render(request, "work/home.html", {"items": everything(request.access)})  # type: ignore[attr-defined]


@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """What was found for a text, by kind."""
    text = request.GET.get("q", "").strip()
    return render(request, "work/search.html", {"text": text, "groups": everywhere(request.access, text)})  # type: ignore[attr-defined]


@signed_in
def notifications(request: HttpRequest) -> HttpResponse:
    """The inbox."""
    mine = Notification.objects.filter(person__user=request.user)
    return render(request, "work/notifications.html", {"page": Paginator(mine, PAGE).get_page(request.GET.get("page"))})


@signed_in
def unread(request: HttpRequest) -> HttpResponse:
    """How many notifications are unread: the number at the bell."""
    count = Notification.objects.filter(person__user=request.user, read_at=None).count()
    return render(request, "work/unread.html", {"count": count})
