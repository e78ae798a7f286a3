"""A job is done once by one worker; if its process dies, another one does it; if it can't be done, people are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from xunzhi.web.jobs import registry, services, worker
from xunzhi.web.jobs.models import Job

pytestmark = pytest.mark.django_db

Declare = Callable[[str, Callable[..., None]], None]


def test_a_job_runs_with_its_arguments_and_shows_its_progress(declare: Declare) -> None:
    seen: list[Any] = []

    def run(progress: services.Progress, month: str) -> None:
        progress(0.5, "half")
        seen.append((month, Job.objects.get().progress, Job.objects.get().message))

    declare("t", run)
    services.enqueue("t", {"month": "2026-01"})
    worker.execute(worker.claim("w1"))
    assert seen == [("2026-01", 0.5, "half")]
    done = services.latest("t")
    assert (done.state, done.progress, done.percent) == (Job.State.DONE, 1, 100)


def test_an_unknown_kind_can_not_be_queued() -> None:
    with pytest.raises(KeyError):
        services.enqueue("nothing.of.the.kind")


def test_a_job_whose_kind_was_removed_fails_clearly(declare: Declare) -> None:
    declare("t", lambda progress: None)
    job = services.enqueue("t")
    del registry._kinds["t"]
    worker.execute(worker.claim("w1"))
    job.refresh_from_db()
    assert (job.state, job.label) == (Job.State.FAILED, "t")
    assert "there is no job t" in job.error


def test_the_same_key_is_queued_once_while_it_waits_or_runs(declare: Declare) -> None:
    declare("t", lambda progress: None)
    first = services.enqueue("t", key="k")
    assert services.enqueue("t", key="k") == first
    running = worker.claim("w1")
    assert services.enqueue("t", key="k") == first
    worker.execute(running)
    assert services.enqueue("t", key="k") != first


def test_only_one_of_several_workers_gets_a_job(declare: Declare) -> None:
    declare("t", lambda progress: None)
    services.enqueue("t")
    assert worker.claim("w1")
    assert worker.claim("w2") is None


def test_a_job_is_not_begun_before_it_is_due(declare: Declare) -> None:
    declare("t", lambda progress: None)
    services.enqueue("t", due=timezone.now() + timedelta(hours=1))
    assert worker.claim("w1") is None
    assert worker.claim("w1", timezone.now() + timedelta(hours=1, seconds=1))


def test_a_failure_is_told_in_the_words_of_its_exception(declare: Declare) -> None:
    def run(progress: services.Progress) -> None:
        raise ValueError("没有数据 / no data")

    declare("t", run)
    services.enqueue("t")
    worker.execute(worker.claim("w1"))
    job = services.latest("t")
    assert (job.state, job.error) == (Job.State.FAILED, "没有数据 / no data")
    assert "ValueError" in job.trace


def test_the_job_of_a_dead_worker_is_done_by_another(declare: Declare) -> None:
    declare("t", lambda progress: None)
    services.enqueue("t")
    later = timezone.now() + worker.LAPSE + timedelta(seconds=1)
    worker.claim("dead")
    assert worker.release_lapsed(timezone.now()) == 0, "it may still live"
    assert worker.release_lapsed(later) == 1
    worker.execute(worker.claim("w2", later))
    assert services.latest("t").state == Job.State.DONE


def test_a_job_that_kills_every_worker_fails_with_advice(declare: Declare) -> None:
    declare("t", lambda progress: None)
    job = services.enqueue("t")
    now = timezone.now()
    for _ in range(worker.TRIES):
        assert worker.claim("dead", now)
        now += worker.LAPSE + timedelta(seconds=1)
        worker.release_lapsed(now)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "ended while this ran" in job.error
    assert worker.claim("w2", now) is None


def test_a_worker_that_slept_does_not_touch_what_others_took_over(declare: Declare) -> None:
    declare("t", lambda progress: progress(1, "late"))
    job = services.enqueue("t")
    sleeper = worker.claim("sleeper")
    later = timezone.now() + worker.LAPSE + timedelta(seconds=1)
    worker.release_lapsed(later)
    worker.claim("awake", later)
    worker.execute(sleeper)
    job.refresh_from_db()
    assert (job.state, job.worker, job.message) == (Job.State.RUNNING, "awake", "")


def test_a_job_that_is_stopped_begins_anew(declare: Declare) -> None:
    def run(progress: services.Progress) -> None:
        raise SystemExit(0)

    declare("t", run)
    job = services.enqueue("t")
    with pytest.raises(SystemExit):
        worker.execute(worker.claim("w1"))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)


def test_followers_are_queued_when_a_job_is_done_not_when_it_fails(declare: Declare) -> None:
    outcome: list[Exception] = []

    def run(progress: services.Progress) -> None:
        if outcome:
            raise outcome[0]

    declare("t", run)
    declare("next", lambda progress: None)
    services.after("t")(registry.kinds()["next"].run)
    services.enqueue("t")
    worker.execute(worker.claim("w1"))
    assert services.latest("next").state == Job.State.WAITING
    Job.objects.all().delete()
    outcome.append(ValueError("no"))
    services.enqueue("t")
    worker.execute(worker.claim("w1"))
    assert services.latest("next") is None


def test_how_a_kind_of_work_stands(declare: Declare) -> None:
    declare("t", lambda progress: None)
    assert services.standing("t") == services.Standing("t", None, None, None)
    first = services.enqueue("t")
    assert services.standing("t").open == first
    worker.execute(worker.claim("w1"))
    assert services.standing("t").done == first
    declare("t", lambda progress: 1 / 0)  # type: ignore[arg-type,return-value]
    second = services.enqueue("t")
    worker.execute(worker.claim("w1"))
    found = services.standing("t")
    assert (found.open, found.done, found.failed) == (None, first, second)


def test_sqlite_knows_how_large_its_tables_are() -> None:
    services.enqueue("jobs.statistics")
    worker.execute(worker.claim("w1"))
    assert services.latest("jobs.statistics").state == Job.State.DONE
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'jobs_job'")
            assert cursor.fetchone()[0]
