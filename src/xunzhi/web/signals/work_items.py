"""What waits: new signals of the offices one works for."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.web.installation import in_language, pack
from xunzhi.web.permissions import Access
from xunzhi.web.signals.inbox import ASKING
from xunzhi.web.signals.models import Signal
from xunzhi.web.signals.services import visible
from xunzhi.web.work.items import WorkItem


def waiting(access: Access) -> Iterator[WorkItem]:
    """One entry for each owner whose new signals the person may handle; of one's own office only, if it owns any."""
    if not access.may_somewhere("signal.handle"):
        return
    new = visible(access).filter(
        access.within("signal.handle", field="unit"), state=Signal.State.NEW, kind__in=ASKING, urgent=True
    )
    own = access.person.unit.owner_key if access.person else ""
    if own and not access.holds("quality_officer"):
        new = new.filter(owner=own)
    rows = new.order_by().values("owner").annotate(number=Count("pk"), since=Min("raised_at"))
    for row in rows:
        owners = pack().manifest.owners
        yield WorkItem(
            key=f"signals {row['owner']}",
            title=ngettext("%(n)d new signal", "%(n)d new signals", row["number"]) % {"n": row["number"]},
            link=f"/signals?owner={row['owner']}&state=new",
            why=_("Look whether it is real; explain it, or send it to a department"),
            kind=_("Signals"),
            since=row["since"],
            unit=in_language(owners[row["owner"]]) if row["owner"] in owners else "",
            icon="activity",
        )
