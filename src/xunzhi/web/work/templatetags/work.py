"""How long until a deadline, in words."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def until(due: datetime | None, now: datetime) -> str:
    """Such as "3 days overdue", "today 14:30", "in 2 days": whole days by the calendar, hours within a day."""
    if due is None:
        return ""
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
