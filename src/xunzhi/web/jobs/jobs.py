"""The jobs of the platform: compute the indicators, load data, keep the database in order."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xunzhi.measures import DuckEngine, measure
from xunzhi.web.configuration import home
from xunzhi.web.installation import lake
from xunzhi.web.jobs import data
from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.registry import Progress, daily, job
from xunzhi.web.jobs.services import enqueue

KEPT = timedelta(days=180)
"""Jobs are listed for so long after they ended."""


@daily("03:30")
@job("measures", _("Compute indicators"))
def measures(progress: Progress, full: bool = False) -> None:
    """Bring all results up to date with the lake; what looks for signals follows with `@after("measures")`."""
    run = measure(
        lake(),
        home(),
        full=full,
        engine=lambda snapshot: DuckEngine.on(snapshot, spill=home() / "spill"),
        progress=lambda what, done, of: progress(done / of if done < of else 0.99, what),
    )
    message = f"{run.results} 条结果 / results, {run.seconds:.0f} s"
    if run.faults:
        message += "; 未能计算 / not computed: " + ", ".join(fault.indicator for fault in run.faults)
    progress(1, message)


@daily("04:30")
@job("jobs.tidy", _("Remove old jobs from the list"))
def tidy(progress: Progress) -> None:
    """Forget jobs that ended long ago, but keep the newest that was done of each kind."""
    ended = Job.objects.filter(finished__lt=timezone.now() - KEPT)
    newest = Job.objects.filter(state=Job.State.DONE).order_by().values("kind").annotate(newest=Max("pk"))
    ended.exclude(pk__in=[row["newest"] for row in newest]).delete()
    progress(1)


@daily("04:40")
@job("jobs.statistics", _("Count the tables of the database"))
def statistics(progress: Progress) -> None:
    """Let SQLite know how large its tables are, so that it chooses the right index; PostgreSQL sees to it by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")
            cursor.execute("ANALYZE")
    progress(1)


@job("data.check", _("Dry run of a mapping"))
def check(progress: Progress, name: str) -> None:
    """See what a mapping would bring."""
    data.run(name, progress, load=False)


@job("data.load", _("Load data"))
def load(progress: Progress, name: str) -> None:
    """Load what a mapping brings; then the indicators are computed."""
    data.run(name, progress, load=True)
    enqueue("measures", key="measures")
