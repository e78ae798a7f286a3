"""How each person wants to be told: through which channels, when, and when not."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from xunzhi.web.configuration import configuration
from xunzhi.web.org.models import Person
from xunzhi.web.work.models import Notification, Preference

MAIL = "mail"

PRESSING = frozenset({Notification.Kind.ESCALATION, Notification.Kind.ALARM})
"""Kinds that don't wait: neither for the digest nor for quiet hours to end."""

PERSONAL = "{channel}"
"""Stands in a channel's address for the person's own; a channel without it is a group that all its members read."""


def preference(person: Person) -> Preference:
    """What a person prefers; the defaults, unsaved, while nothing was chosen."""
    chosen = getattr(person, "preference", None)
    return chosen or Preference(person=person, channels=None)


def available(person: Person) -> list[str]:
    """The channels by which a person can be reached: mail, and those of settings.toml."""
    mail = [MAIL] if person.email and settings.EMAIL_BACKEND != "django.core.mail.backends.dummy.EmailBackend" else []
    others = [name for name, address in configuration().channels.items() if PERSONAL not in address or person.channel]
    return [*mail, *others]


def usual(person: Person) -> list[str]:
    """The channels used until a person chooses: all that reach this person alone."""
    groups = {name for name, address in configuration().channels.items() if PERSONAL not in address}
    return [name for name in available(person) if name not in groups]


def channels(notification: Notification) -> list[str]:
    """The channels through which a notification goes out, beside the inbox."""
    wanted = preference(notification.person)
    if not (wanted.at_once or notification.kind in {*PRESSING, Notification.Kind.DIGEST}):
        return []
    if wanted.channels is None:
        return usual(notification.person)
    return [name for name in available(notification.person) if name in wanted.channels]


def earliest(notification: Notification, now: datetime) -> datetime:
    """When it may go out: at once, or when the quiet hours end."""
    wanted = preference(notification.person)
    if notification.kind in PRESSING:
        return now
    return quiet_end(now, wanted.quiet_from, wanted.quiet_until)


def quiet_end(now: datetime, begin: time | None, end: time | None) -> datetime:
    """`now`, or the end of the quiet hours it falls into; these may run over midnight."""
    if begin is None or end is None or begin == end:
        return now
    local = timezone.localtime(now)
    clock = local.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return now
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return timezone.make_aware(datetime.combine(day, end))
