"""Background jobs of this room: verify the log each night, and whenever the audit administrator asks."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from xunzhi.web.accounts.services import people_with_role
from xunzhi.web.audit.verify import Verdict
from xunzhi.web.audit.verify import verify as walk
from xunzhi.web.jobs.services import Progress, daily, job
from xunzhi.web.org.models import Unit
from xunzhi.web.work.services import tell

ADMINISTRATOR = "audit_admin"


class BrokenLogError(Exception):
    """The audit log is not what was recorded."""


@daily("05:10")
@job("audit.verify", _("Verify the audit log"))
def verify(progress: Progress) -> None:
    """Walk the chain; if it is broken, the job fails and the audit administrators are told.

    Raises:
        BrokenLogError: naming the first entry that is wrong.
    """
    verdict = walk(progress)
    zh, en = (_said(verdict, code) for code in ("zh-hans", "en"))
    if verdict.whole:
        progress(1, f"{zh} / {en}")
        return
    for hospital in Unit.objects.filter(kind=Unit.Kind.INSTITUTION):
        people = people_with_role(ADMINISTRATOR, hospital)
        tell(people, zh, en, reverse("audit:log"), f"audit broken {timezone.localdate()}", "alarm")
    raise BrokenLogError(f"{zh} / {en}")


def _said(verdict: Verdict, code: str) -> str:
    with translation.override(code):
        return verdict.text
