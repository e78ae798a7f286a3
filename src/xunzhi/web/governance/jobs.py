"""The jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases.models import Case
from xunzhi.web.governance.trials import try_change
from xunzhi.web.jobs.services import Progress, job


@job("governance.trial", _("Try a change of an indicator"))
def trial(progress: Progress, case: int) -> None:
    """Compute the proposal of a case on last year's data."""
    progress(0.1, "")
    try_change(Case.objects.get(pk=case))
    progress(1.0, "")
