"""The jobs of this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.accounts.services import people_with_role
from xunzhi.web.jobs.services import Progress, after, daily, job
from xunzhi.web.monitor.readmodel import current
from xunzhi.web.org.models import Unit
from xunzhi.web.signals.inbox import ASKING, bring_in
from xunzhi.web.work.services import tell

TOLD = ("quality_officer", "office_officer")


@daily("05:30")
@after("monitor.prepare")
@job("signals.bring_in", _("Bring new signals into the inbox"))
def bring_in_all(progress: Progress) -> None:
    """Lay the newest month's signals of each institution beside what is known, and tell their owners of new ones."""
    model = current()
    if model is None:
        return
    names = model.readings.institutions()
    for done, institution in enumerate(names):
        progress(done / len(names), institution)
        brought = bring_in(model.scan(institution), institution, model.newest)
        urgent = [signal for signal in brought.new if signal.urgent and signal.kind in ASKING]
        for owner in sorted({signal.owner for signal in urgent}):
            _tell(institution, owner, sum(signal.owner == owner for signal in urgent), model.newest)
    progress(1.0, "")


def _tell(institution: str, owner: str, number: int, month: str) -> None:
    """One notice for each office, however many signals it has."""
    office = Unit.objects.filter(institution=institution, owner_key=owner, until=None).first()
    whole = Unit.objects.filter(institution=institution, kind=Unit.Kind.INSTITUTION).first()
    people = [person for role in TOLD for person in people_with_role(role, whole)] if whole else []
    if office is not None:
        people = [person for person in people if person.unit_id == office.pk] or people
    tell(
        people,
        f"{month} 有 {number} 个新的质量信号待处理",
        f"{number} new quality signals of {month} wait for you",
        f"/signals?owner={owner}",
        f"signals {institution} {owner} {month} {number}",
        "signal",
    )
