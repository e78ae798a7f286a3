"""Background jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.jobs.services import Progress, daily, job
from xunzhi.web.org.services import apply_states


@daily("00:05")
@job("org.today", _("Bring changes of the organisation into force"))
def today(progress: Progress) -> None:
    """A change dated ahead comes into force on its day."""
    progress(1, str(apply_states()))
