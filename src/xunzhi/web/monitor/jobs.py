"""The jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.jobs.registry import Progress, after, job
from xunzhi.web.monitor.services import refresh


@after("measures")
@job("monitor.prepare", _("Prepare results for the pages"))
def prepare(progress: Progress) -> None:
    """Lay out the newest results and draw their charts, so that pages open at once."""
    refresh(lambda what, done, of: progress(done / of, what))
    progress(1)
