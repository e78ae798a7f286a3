"""Background jobs of this room."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xunzhi.web.accounts import attempts
from xunzhi.web.accounts.models import Session
from xunzhi.web.jobs.services import Progress, daily, job


@daily("03:20")
@job("accounts.tidy", _("Delete sessions and counters that are over"))
def tidy(progress: Progress) -> None:
    """Delete what nobody can use any more."""
    sessions = Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
    progress(
        1, _("%(sessions)d sessions, %(counters)d counters") % {"sessions": sessions, "counters": attempts.forget_old()}
    )
