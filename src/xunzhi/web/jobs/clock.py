"""The scheduler: queues what is due and not yet queued. Any number may run; no due moment is queued twice.

How far a schedule has come is a row; it advances, in one transaction with the jobs, only from what was seen.
"""

from __future__ import annotations

import logging
import signal
import time
from datetime import datetime
from types import FrameType

from django.db import close_old_connections, transaction
from django.utils import timezone

from xunzhi.web.jobs.models import Clock, Job
from xunzhi.web.jobs.registry import Plan, plans
from xunzhi.web.jobs.schedule import due
from xunzhi.web.jobs.services import enqueue

log = logging.getLogger("xunzhi.jobs")

TICK = 15.0
"""Seconds between two looks at the clock."""


def tick(now: datetime | None = None) -> list[Job]:
    """Queue everything that came due up to now; returns the jobs."""
    now = now or timezone.now()
    reached = dict(Clock.objects.values_list("name", "reached"))
    queued = []
    for plan in plans().values():
        if plan.kind in reached:
            queued += advance(plan, reached[plan.kind], now)
        else:
            Clock.objects.get_or_create(name=plan.kind, defaults={"reached": now})
    return queued


def advance(plan: Plan, reached: datetime, now: datetime) -> list[Job]:
    """Queue a plan's job if a moment after `reached` has come, unless another scheduler did so first."""
    moments = list(due(plan.schedule, reached, now))
    if not moments:
        return []
    with transaction.atomic():
        if not Clock.objects.filter(name=plan.kind, reached=reached).update(reached=moments[-1]):
            return []
        return [enqueue(plan.kind, key=plan.kind)]


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Tick until told to stop."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    while True:
        close_old_connections()
        try:
            tick()
        except Exception:
            log.exception("the scheduler could not reach its table; it tries again")
        time.sleep(TICK)
