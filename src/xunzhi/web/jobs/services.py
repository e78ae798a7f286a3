"""Background jobs: what others declare and ask for.

    @daily("02:00")
    @job("cases.tables", _("Write cases to the lake"))
    def tables(progress, **arguments):
        progress(0.5, "…")

A room declares its jobs in `jobs.py`. A job that was cut short (its process died) is run again, so it must bear being
run twice. What a person has to know of a failure is the text of the exception it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.registry import Progress, after, daily, every, job, kinds, plans

__all__ = [
    "Progress",
    "Standing",
    "after",
    "daily",
    "enqueue",
    "every",
    "job",
    "latest",
    "standing",
]


LATE = timedelta(hours=2)
"""What is due is late when it is not done after so long."""

OPEN = (Job.State.WAITING, Job.State.RUNNING)


@dataclass(frozen=True)
class Standing:
    """How the work of a kind stands: what runs, what was done last, what failed since, and whether it is overdue."""

    kind: str
    open: Job | None
    done: Job | None
    failed: Job | None
    late: bool = False


def enqueue(
    kind: str, arguments: dict[str, Any] | None = None, key: str = "", by: Any = None, due: datetime | None = None
) -> Job:
    """Queue a job; while one of the same key waits or runs, that one is returned instead.

    Raises:
        KeyError: if no room declares the kind.
    """
    if kind not in kinds():
        raise KeyError(f"no job {kind!r}")
    row = {"kind": kind, "arguments": arguments or {}, "by": by, "due": due or timezone.now()}
    if not key:
        return Job.objects.create(**row)
    while True:
        same = Job.objects.filter(kind=kind, key=key, state__in=OPEN).first()
        if same:
            return same
        try:
            with transaction.atomic():
                return Job.objects.create(**row, key=key)
        except IntegrityError:
            continue


def latest(kind: str) -> Job | None:
    """The newest job of a kind."""
    return Job.objects.filter(kind=kind).first()


def standing(kind: str) -> Standing:
    """How the work of a kind stands; give it to jobs/parts/state.html."""
    jobs = Job.objects.filter(kind=kind)
    done = jobs.filter(state=Job.State.DONE).first()
    failed = jobs.filter(state=Job.State.FAILED, pk__gt=done.pk if done else 0).first()
    return Standing(kind, jobs.filter(state__in=OPEN).first(), done, failed, _late(kind, done))


def _late(kind: str, done: Job | None) -> bool:
    """Whether the clock should have seen to it, and some time has passed since."""
    plan = plans().get(kind)
    return bool(plan and done and done.started and plan.schedule.after(done.started) + LATE < timezone.now())
