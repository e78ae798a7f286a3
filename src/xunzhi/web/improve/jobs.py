"""What improvement does by itself: watch the gains."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases import services as cases
from xunzhi.web.improve.models import Proof
from xunzhi.web.improve.proofs import lost
from xunzhi.web.jobs.services import Progress, daily, job

RECUR = "recur"
"""The step by which the program re-opens a case."""


@daily("06:00")
@job("improve.watch", _("Watch the effects of closed improvements"))
def watch(progress: Progress) -> None:
    """Re-open what was closed as effective and whose gain is gone within the watch period."""
    watched = Proof.objects.filter(
        watch_until__gte=timezone.localdate(), case__state="closed_effective"
    ).select_related("case__revision", "case__unit")
    for judged in lost(watched):
        case = judged.proof.case
        cases.move(case, RECUR, {}, None, case.version)
    progress(1.0, "")
