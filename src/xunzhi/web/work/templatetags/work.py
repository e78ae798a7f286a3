"""What waits, as rows of a page; how long until a deadline, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.web.tags import icon
from xunzhi.web.work.items import WorkItem

register = template.Library()


def until(due: datetime, now: datetime) -> str:
    """Such as "3 days overdue", "today 14:30", "in 2 days": whole days by the calendar, hours within a day."""
    days = (timezone.localdate(due) - timezone.localdate(now)).days
    if due < now:
        late = max(-days, 0)
        return ngettext("%(n)d day overdue", "%(n)d days overdue", late) % {"n": late} if late else _("overdue today")
    if days == 0:
        return _("today %(time)s") % {"time": timezone.localtime(due).strftime("%H:%M")}
    if days == 1:
        return _("tomorrow")
    if days <= 14:
        return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
    return timezone.localtime(due).strftime("%Y-%m-%d")


@register.simple_tag
def item_rows(items: Iterable[WorkItem], urgency: str, now: datetime) -> SafeString:
    """Rows of My work; without a template, for everyone opens this page many times a day."""
    tone = {"overdue": " text-red fw-bold", "today": " fw-bold"}.get(urgency, "")
    return mark_safe("".join(_row(item, tone, now) for item in items))  # noqa: S308  escaped below


def _row(item: WorkItem, tone: str, now: datetime) -> str:
    due = f'<span class="work-due{tone}">{escape(until(item.due, now))}</span>' if item.due else ""
    place = f" · {item.unit}" if item.unit else ""
    return (
        f'<a class="list-group-item list-group-item-action work-item" href="{escape(item.link)}">'
        f'<span class="work-icon text-secondary">{icon(item.icon)}</span>'
        f'<span class="work-what"><strong>{escape(item.title)}</strong>'
        f'<span class="d-block text-secondary">{escape(item.why)}</span></span>'
        f'<span class="work-side">{due}<span class="d-block text-secondary">{escape(item.kind + place)}</span></span>'
        "</a>"
    )
