"""Background jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xunzhi.web.cases.deadlines import take_steps
from xunzhi.web.cases.files import sweep
from xunzhi.web.cases.tables import write
from xunzhi.web.installation import lake
from xunzhi.web.jobs.services import Progress, daily, every, job


@every(minutes=10)
@job("cases.deadlines", gettext_lazy("Remind of deadlines of cases"))
def deadlines(progress: Progress) -> None:
    """Remind of what is due, and tell the next level of what is overdue."""
    progress(1, _("%(count)d reminders") % {"count": take_steps()})


@daily("01:30")
@job("cases.tables", gettext_lazy("Write cases to the lake"))
def tables(progress: Progress, types: list[str] | None = None) -> None:
    """Bring the lake in line with the cases, so that indicators compute from them."""
    changed = write(lake(), types, progress)
    progress(1, _("%(count)d rows changed") % {"count": changed})


@daily("03:30")
@job("cases.files", gettext_lazy("Clear away files that were never filed"))
def files(progress: Progress) -> None:
    """Delete uploads that no case took over."""
    progress(1, _("%(count)d files deleted") % {"count": sweep()})
