"""The process that does the jobs. Any number of them may run, on any number of machines.

A worker takes a job by compare-and-swap and shows a sign of life every few seconds while it runs. If the sign stays
away, the process is dead: the job is given back, and after some tries it has failed. A worker that only was asleep
finds that the job is no longer its own, and lets go.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import traceback
from datetime import datetime, timedelta
from types import FrameType, TracebackType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.registry import followers, kinds
from xunzhi.web.jobs.services import enqueue

log = logging.getLogger("xunzhi.jobs")

BEAT = 5.0
"""Seconds between two signs of life."""

LAPSE = timedelta(seconds=30)
"""Without a sign of life for so long, a worker is dead."""

TRIES = 3
"""So often a job is begun whose process dies each time."""

IDLE = 1.0
"""Seconds between two looks for work."""

SHOWN = 0.5
"""Seconds between two notes of progress."""


class LostJobError(Exception):
    """The job was given to another worker meanwhile."""


def claim(worker: str, now: datetime | None = None) -> Job | None:
    """Take the job that has been due longest, if there is any that no one else takes first."""
    now = now or timezone.now()
    waiting = Job.objects.filter(state=Job.State.WAITING, due__lte=now)
    for pk in waiting.order_by("due", "pk").values_list("pk", flat=True)[:20]:
        taken = waiting.filter(pk=pk).update(
            state=Job.State.RUNNING,
            worker=worker,
            started=now,
            heartbeat=now,
            attempts=F("attempts") + 1,
            progress=0,
            message="",
        )
        if taken:
            return Job.objects.get(pk=pk)
    return None


def release_lapsed(now: datetime | None = None) -> int:
    """Give back the jobs of dead workers; those that were begun too often have failed. Returns how many."""
    now = now or timezone.now()
    lapsed = Job.objects.filter(state=Job.State.RUNNING, heartbeat__lt=now - LAPSE)
    count = 0
    for job in lapsed:
        text = (
            f"运行中程序意外结束（第 {job.attempts} 次）。请查看服务日志和内存，然后重新运行。/ "
            f"The program ended while this ran (try {job.attempts}). Look at the log and the memory, then run it again."
        )
        if job.attempts < TRIES:
            changes: dict[str, Any] = {"state": Job.State.WAITING, "message": text[:300]}
        else:
            changes = {"state": Job.State.FAILED, "error": text, "finished": now}
        if lapsed.filter(pk=job.pk, worker=job.worker, attempts=job.attempts).update(**changes):
            log.warning("job %s of dead worker %s: %s", job, job.worker, changes["state"])
            count += 1
    return count


def own(job: Job) -> QuerySet[Job]:
    """The job's row, as long as it belongs to the worker that took it."""
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, worker=job.worker, attempts=job.attempts)


class Pulse(threading.Thread):
    """Shows that the worker of a job lives."""

    def __init__(self, job: Job):
        super().__init__(daemon=True)
        self.job = job
        self.over = threading.Event()

    def run(self) -> None:
        """Beat until the job is over; a database that doesn't answer is asked again at the next beat."""
        try:
            while not self.over.wait(BEAT):
                try:
                    own(self.job).update(heartbeat=timezone.now())
                except Exception:
                    log.exception("no sign of life of job %s", self.job)
        finally:
            connection.close()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self.join()


class Reporter:
    """The `progress` that a job is given."""

    def __init__(self, job: Job):
        self.job = job
        self.told = 0.0

    def __call__(self, share: float, message: str = "") -> None:
        """Note how far the job is.

        Raises:
            LostJobError: if it belongs to another worker by now.
        """
        if share < 1 and time.monotonic() - self.told < SHOWN:
            return
        self.told = time.monotonic()
        noted = own(self.job).update(
            progress=max(0.0, min(1.0, share)), message=message[:300], heartbeat=timezone.now()
        )
        if not noted:
            raise LostJobError(str(self.job))


def execute(job: Job) -> None:
    """Do a job that was claimed, and note how it went."""
    kind = kinds().get(job.kind)
    if kind is None:
        _fail(job, f"没有任务类型 {job.kind} / there is no job {job.kind} any more")
        return
    try:
        kind.run(Reporter(job), **job.arguments)
    except LostJobError:
        log.warning("job %s was taken over by another worker", job)
    except (SystemExit, KeyboardInterrupt):
        own(job).update(state=Job.State.WAITING, attempts=F("attempts") - 1, message="")
        raise
    except Exception as error:
        log.exception("job %s failed", job)
        _fail(job, _text(error), traceback.format_exc())
    else:
        _finish(job)


def _fail(job: Job, text: str, trace: str = "") -> None:
    own(job).update(state=Job.State.FAILED, error=text, trace=trace, finished=timezone.now())


def _finish(job: Job) -> None:
    with transaction.atomic():
        if own(job).update(state=Job.State.DONE, progress=1, error="", finished=timezone.now()):
            for kind in followers(job.kind):
                enqueue(kind, key=kind)


def _text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "\n".join(error.messages)
    return str(error) or type(error).__name__


def work(name: str) -> bool:
    """Do one job, if there is one to do."""
    release_lapsed()
    job = claim(name)
    if job is None:
        return False
    log.info("job %s begins", job)
    with Pulse(job):
        execute(job)
    return True


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Work until told to stop (SIGTERM, SIGINT); a job that is cut short by that begins anew with the next worker."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    name = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
    while True:
        close_old_connections()
        try:
            busy = work(name)
        except Exception:
            log.exception("the worker could not reach its jobs; it tries again")
            busy = False
        if not busy:
            time.sleep(IDLE)
