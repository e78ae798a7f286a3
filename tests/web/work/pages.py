"""Who may open my work, the inbox and its upkeep (see permission_kit.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from tests.web.permission_kit import EVERYONE, Page
from xunzhi.web.work.models import CalendarDay, Delivery, Notification
from xunzhi.web.work.services import tell

STRANGERS = ("president", "head_a", "doctor_b", "security_admin", "audit_admin")


def _told(world: SimpleNamespace) -> dict[str, Any]:
    tell([world.people.head_a], "请处理", "Please act", "/notifications", "page", "task")
    return {"pk": Notification.objects.get(key="page").pk}


def _delivery(world: SimpleNamespace) -> dict[str, Any]:
    told = Notification.objects.get(pk=_told(world)["pk"])
    failed = Delivery.objects.create(notification=told, channel="mail", state="failed", due=timezone.now())
    return {"pk": failed.pk}


def _day(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": CalendarDay.objects.create(institution="H1", day="2026-10-08", working=False).pk}


PAGES = [
    Page("work:home", may=EVERYONE),
    Page("work:search", may=EVERYONE, data=lambda world: {"q": "心血管"}),
    Page("work:notifications", may=EVERYONE),
    Page("work:read", may=EVERYONE, method="post"),
    Page("work:unread", may=EVERYONE),
    Page("work:preferences", may=EVERYONE),
    Page("work:guide", may=EVERYONE),
    Page("work:guide_of", may=EVERYONE, arguments=lambda world: {"name": "admin"}),
    Page("work:opened", may=("head_a",), outsider=("head_b", "officer", "system_admin"), arguments=_told),
    Page("work:deliveries", may=("system_admin", "officer"), outsider=STRANGERS),
    Page(
        "work:again", method="post", may=("system_admin", "officer"), outsider=STRANGERS,
        wrong_scope=("officer_h2",), arguments=_delivery,
    ),
    Page("work:calendar", may=("system_admin",), outsider=("officer", *STRANGERS)),
    Page("work:remove_day", method="post", may=("system_admin",), outsider=("officer", *STRANGERS), arguments=_day),
]  # fmt: skip
