"""What other rooms ask of the audit log: to record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from xunzhi.web.audit import anchors
from xunzhi.web.audit.chain import GENESIS, canonical, digest, storable
from xunzhi.web.audit.models import Entry, Head


@dataclass(frozen=True)
class Act:
    """Something done, to be recorded: see :func:`record`."""

    action: str
    thing: str
    purpose: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    institution: str = ""


def record(
    by: Any, action: str, thing: str, purpose: str = "", detail: Mapping[str, Any] | None = None, institution: str = ""
) -> Entry:
    """Add an entry to the audit log, in the transaction of what it records: both come to be, or neither.

    `by` is a request, a user, or None for the program. `action` is a verb such as `case.move`; `thing` names the
    object by its number (`case QIC-2026-0007`), never a patient or a secret. Entries come strictly one by one: from
    here to the end of the transaction other recording transactions wait, so record last.

    Raises:
        ValueError: if action or thing is empty or too long.
    """
    return record_all(by, [Act(action, thing, purpose, detail or {}, institution)])[0]


def record_all(by: Any, acts: Iterable[Act]) -> list[Entry]:
    """As :func:`record`, for many things done at once."""
    drafts = [_draft(act) for act in acts]
    user_id, name, address = _who(by)
    with transaction.atomic():
        head = _locked_head()
        number, previous, now = head.number, head.hash, timezone.now()
        for entry in drafts:
            number += 1
            entry.number, entry.at, entry.previous = number, now, previous
            entry.user_id, entry.name, entry.address = user_id, name, address
            entry.hash = previous = digest(vars(entry))
        Entry.objects.bulk_create(drafts, batch_size=500)
        head.number, head.hash = number, previous
        head.save(update_fields=["number", "hash"])
        transaction.on_commit(partial(anchors.keep, number, previous), robust=True)
    return drafts


def _draft(act: Act) -> Entry:
    entry = Entry(
        action=storable(act.action),
        thing=storable(act.thing),
        purpose=storable(act.purpose),
        detail=canonical(act.detail),
        institution=storable(act.institution),
    )
    for column, most in (("action", 60), ("thing", 200), ("institution", 40)):
        text = getattr(entry, column)
        if len(text) > most or (not text and column != "institution"):
            raise ValueError(
                f"audit: {column} must have 1 to {most} characters / 审计记录的 {column} 长度须为 1–{most}"
            )
    return entry


def _who(by: Any) -> tuple[int | None, str, str]:
    """Number and name of the account, and the network address."""
    address = ""
    if isinstance(by, HttpRequest):
        address = str(by.META.get("REMOTE_ADDR", ""))[:45]
        by = getattr(by, "user", None)
    if by is None or by.pk is None:
        return None, "", address
    return by.pk, by.get_username(), address


def _locked_head() -> Head:
    """The end of the chain, locked until the transaction ends (SQLite locks whole: settings.py)."""
    head = Head.objects.select_for_update().filter(pk=1).first()
    if head is None:
        last = Entry.objects.order_by("-number").first()
        number, hash_ = (last.number, last.hash) if last else (0, GENESIS)
        Head.objects.get_or_create(pk=1, defaults={"number": number, "hash": hash_})
        head = Head.objects.select_for_update().get(pk=1)
    return head
