"""The jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases.models import Case
from xunzhi.web.governance.publishing import JOB, settle
from xunzhi.web.governance.trials import try_change
from xunzhi.web.jobs.services import Progress, enqueue, every, job


@job("governance.trial", _("Try a change of an indicator"))
def trial(progress: Progress, case: int) -> None:
    """Compute the proposal of a case on last year's data."""
    progress(0.1, "")
    try_change(Case.objects.get(pk=case))
    progress(1.0, "")


@every(hours=1)
@job(JOB, _("Put decisions into force"))
def put_into_force(progress: Progress, measure: bool = False) -> None:
    """Let the files follow the decisions; after a new definition all is computed by it."""
    settle()
    if measure:
        enqueue("measures", key="measures")
    progress(1.0, "")
