"""Digests: each person's work in one message a day or a week, and what the units below owe to who heads them.

A digest is a notification, told once for its period. That one was considered is a row (`Digested`), so that whoever
has nothing to do isn't looked at again until the next period. A digest that was missed while the site was down is
written when it is up again, if its period still runs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access
from xunzhi.web.work.calendar import is_working_day
from xunzhi.web.work.items import WorkItem
from xunzhi.web.work.models import Digested, Notification, Preference
from xunzhi.web.work.preferences import preference
from xunzhi.web.work.services import tell
from xunzhi.web.work.waiting import everything

logger = logging.getLogger(__name__)

LISTED = 15
"""Things named in a section of a digest; of more, the number is said."""


class DigestError(Exception):
    """Some digests could not be written."""


def write_due(progress: Callable[[float, str], None] = lambda share, said: None) -> int:
    """Write all digests that are due now and not yet written; returns how many.

    Raises:
        DigestError: after all others are written, if some could not be; they are tried again the next time.
    """
    now = timezone.now()
    people = list(due(now))
    written, failed = 0, 0
    for number, (person, period) in enumerate(people):
        try:
            written += _write(person, period, now)
        except Exception:
            logger.exception("digest of person %s", person.pk)
            failed += 1
        progress(number / len(people), str(written))
    if failed:
        raise DigestError(f"{failed} 份摘要未能生成，详见服务日志 / {failed} digests could not be written: see the log")
    return written


def due(now: datetime) -> Iterable[tuple[Person, str]]:
    """People whose digest of the current period is due and was not considered, with the period."""
    workdays: dict[str, bool] = {}
    done = set(Digested.objects.filter(at__gte=now - timedelta(days=8)).values_list("person", "period"))
    people = Person.objects.filter(user__is_active=True).select_related("preference", "user__person")
    for person in list(people):  # read to its end first: SQLite writes nothing beside an open cursor
        if person.institution not in workdays:
            workdays[person.institution] = is_working_day(timezone.localdate(now), person.institution)
        period = current_period(preference(person), now, workdays[person.institution])
        if period and (person.pk, period) not in done:
            yield person, period


def current_period(wanted: Preference, now: datetime, working_day: bool) -> str:
    """The period whose digest is due: this working day or this week, once its hour has come; "" if none is."""
    local = timezone.localtime(now)
    day = local.date()
    if wanted.digest == Preference.Digest.DAILY:
        return f"daily {day}" if working_day and local.time() >= wanted.digest_at else ""
    if wanted.digest == Preference.Digest.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return f"weekly {monday}" if day > monday or local.time() >= wanted.digest_at else ""
    return ""


@transaction.atomic
def _write(person: Person, period: str, now: datetime) -> bool:
    _row, new = Digested.objects.get_or_create(person=person, period=period)
    texts = {code: compose(person, now, code) for code in ("zh-hans", "en")} if new else {}
    if not all(texts.values()) or not texts:
        return False
    tell([person], texts["zh-hans"], texts["en"], reverse("work:home"), f"digest {period}", Notification.Kind.DIGEST)
    return True


def compose(person: Person, now: datetime, code: str) -> str:
    """The digest in a language; "" if nothing waits and nothing is unread."""
    with translation.override(code):
        items = everything(Access(person.user))
        unread = Notification.objects.filter(person=person, read_at=None).exclude(kind=Notification.Kind.DIGEST).count()
        mine = [item for item in items if item.whose == "mine"]
        owed = [item for item in items if item.whose == "unit"]
        if not (mine or owed or unread):
            return ""
        late = sum(_late(item, now) for item in mine + owed)
        context = {
            "mine": [(item, _late(item, now)) for item in mine[:LISTED]],
            "mine_more": max(0, len(mine) - LISTED),
            "mine_count": len(mine),
            "units": _by_unit(owed, now),
            "owed_count": len(owed),
            "late": late,
            "unread": unread,
        }
        return render_to_string("work/digest.txt", context).strip()


def _by_unit(owed: list[WorkItem], now: datetime) -> list[tuple[str, int, int]]:
    """Unit, how much it owes and how much of that is overdue; most overdue first."""
    counts = Counter(item.unit for item in owed)
    late = Counter(item.unit for item in owed if _late(item, now))
    return sorted(((unit, count, late[unit]) for unit, count in counts.items()), key=lambda row: (-row[2], -row[1]))


def _late(item: WorkItem, now: datetime) -> bool:
    return item.due is not None and item.due < now
