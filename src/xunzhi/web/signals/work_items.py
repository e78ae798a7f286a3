"""What waits: new signals of the offices one works for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
    """New signals that the person may handle: of one's own office, if it owns any, else one entry for each owner.

    The quality office also has one entry for what other offices have to handle.
    """
    if not access.may_somewhere("signal.handle"):
        return
    new = visible(access).filter(
        access.within("signal.handle", field="unit"), state=Signal.State.NEW, kind__in=ASKING, urgent=True
    )
    rows = list(new.order_by().values("owner").annotate(number=Count("pk"), since=Min("raised_at")))
    own = access.person.unit.owner_key if access.person else ""
    mine = [row for row in rows if own in ("", row["owner"])]
    others = [row for row in rows if row not in mine]
    owners = pack().manifest.owners
    for row in mine:
        yield _item(
            row["owner"],
            ngettext("%(n)d new signal", "%(n)d new signals", row["number"]) % {"n": row["number"]},
            f"/signals?owner={row['owner']}&state=new",
            _("Look whether it is real; explain it, or send it to a department"),
            row["since"],
            in_language(owners[row["owner"]]) if row["owner"] in owners else "",
        )
    if others and access.holds("quality_officer"):
        yield _of_others(others)


def _of_others(rows: list[dict[str, Any]]) -> WorkItem:
    number = sum(row["number"] for row in rows)
    offices = ngettext("%(n)d office", "%(n)d offices", len(rows)) % {"n": len(rows)}
    return _item(
        "others",
        ngettext("%(n)d new signal of other offices", "%(n)d new signals of other offices", number) % {"n": number},
        "/signals?state=new",
        _("They are to look into them; see that none is left lying"),
        min(row["since"] for row in rows),
        offices,
    )


def _item(key: str, title: str, link: str, why: str, since: datetime | None, unit: str) -> WorkItem:
    return WorkItem(
        key=f"signals {key}",
        title=title,
        link=link,
        why=why,
        kind=_("Signals"),
        since=since,
        unit=unit,
        icon="activity",
    )
