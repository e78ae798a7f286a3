"""Bringing notifications to people outside the site: due and not yet sent.

First each notification is planned: one `Delivery` for each channel its person wants. Then whatever is due is claimed,
sent, and marked. A claim is a compare-and-swap that moves `due` ahead by a lease: a second worker finds nothing to
claim, and when a worker dies the delivery is due again when the lease ends. So none is lost. One could be sent twice
only if a worker dies between sending and marking; its mail then has the same Message-ID, by which mail servers
recognise it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from xunzhi.web.work.models import Delivery, Notification
from xunzhi.web.work.preferences import channels, earliest
from xunzhi.web.work.senders import Senders

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""So long a worker may take to send one message."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""What passes after each failure until the next try; after the last try it has failed."""

BATCH = 200
OPEN = (Delivery.State.WAITING, Delivery.State.SENDING)


def deliver(progress: Callable[[float, str], None] = lambda share, said: None) -> int:
    """Plan and send everything that is due now; returns how many messages were sent."""
    plan(timezone.now())
    sent = 0
    with closing(Senders()) as senders:
        for delivery in _claimed():
            sent += _send(delivery, senders)
            progress(0.5, str(sent))
    return sent


def plan(now: datetime) -> None:
    """Make the deliveries of notifications that have none planned yet."""
    unplanned = Notification.objects.filter(planned=False).select_related("person__preference", "person__user")
    while batch := list(unplanned.order_by("pk")[:BATCH]):
        with transaction.atomic():
            Delivery.objects.bulk_create(
                [
                    Delivery(notification=notification, channel=channel, due=earliest(notification, now))
                    for notification in batch
                    for channel in channels(notification)
                ],
                ignore_conflicts=True,
            )
            Notification.objects.filter(pk__in=[notification.pk for notification in batch]).update(planned=True)


def _claimed() -> Iterator[Delivery]:
    """Deliveries that are due, one after the other, each claimed by this worker alone."""
    while True:
        due = Delivery.objects.filter(state__in=OPEN, due__lte=timezone.now())
        candidates = list(due.order_by("due", "pk").values_list("pk", flat=True)[:BATCH])
        if not candidates:
            return
        for pk in candidates:
            if claim(pk):
                related = Delivery.objects.select_related("notification__person__user")
                yield related.get(pk=pk)


def claim(pk: int) -> bool:
    """Take a delivery that is due; False if another worker did."""
    now = timezone.now()
    mine = Delivery.objects.filter(pk=pk, state__in=OPEN, due__lte=now)
    taken = mine.update(state=Delivery.State.SENDING, due=now + LEASE, tries=F("tries") + 1)
    return taken == 1


def _send(delivery: Delivery, senders: Senders) -> bool:
    claimed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.SENDING, tries=delivery.tries)
    try:
        senders.send(delivery)
    except Exception as error:  # noqa: BLE001  whatever a mail server or a network does: it is tried again
        logger.warning("delivery %s by %s: %s", delivery.pk, delivery.channel, error)
        claimed.update(**_put_off(delivery, str(error) or type(error).__name__))
        return False
    claimed.update(state=Delivery.State.SENT, sent_at=timezone.now(), error="")
    return True


def _put_off(delivery: Delivery, error: str) -> dict[str, object]:
    if delivery.tries > len(PAUSES):
        return {"state": Delivery.State.FAILED, "error": error}
    due = timezone.now() + PAUSES[delivery.tries - 1]
    return {"state": Delivery.State.WAITING, "error": error, "due": due}


def again(pk: int) -> None:
    """Let a delivery that failed begin anew."""
    failed = Delivery.objects.filter(pk=pk, state=Delivery.State.FAILED)
    failed.update(state=Delivery.State.WAITING, tries=0, due=timezone.now())
