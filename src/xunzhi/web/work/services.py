"""What other rooms ask of this one: to tell people something, once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from xunzhi.web.jobs.services import enqueue
from xunzhi.web.org.models import Person
from xunzhi.web.work.models import Notification

logger = logging.getLogger(__name__)


def tell(people: Iterable[Any], text_zh: str, text_en: str, link: str, key: str, kind: str) -> None:
    """Notify people (persons or users), each once for a key; call it inside the transaction of what it tells.

    It appears in the inbox at once; mail and messages follow in the background, as each person prefers. `link` is an
    address of the site, `kind` one of `Notification.Kind`. Name no patients: the text leaves the site.

    Raises:
        ValueError: if there is no such kind.
    """
    kind = Notification.Kind(kind)
    told = {person.pk: person for person in map(_person, people) if person is not None}
    Notification.objects.bulk_create(
        [
            Notification(person=person, key=key, kind=kind, text_zh=text_zh, text_en=text_en, link=link)
            for person in told.values()
        ],
        ignore_conflicts=True,
    )
    if told:
        enqueue("work.deliver", key="work.deliver")


def remind(people: Iterable[Any], text_zh: str, text_en: str, link: str, key: str, level: int = 0) -> None:
    """Remind people of something due (level 0), or tell the next level that it is overdue (1, 2, …).

    Call it as often as you like while the thing is due: `key` names thing and deadline (`case 12 2026-11-30`), and each
    person hears of each level once.
    """
    kind = Notification.Kind.ESCALATION if level else Notification.Kind.REMINDER
    tell(people, text_zh, text_en, link, f"{key} level {level}", kind)


def _person(someone: Any) -> Person | None:
    """The person; a user's person. Accounts without a person have no inbox."""
    if isinstance(someone, Person):
        return someone
    if someone.person is None:
        logger.warning("account %s has no person: it can't be notified", someone.pk)
    return someone.person
