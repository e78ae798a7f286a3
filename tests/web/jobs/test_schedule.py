"""Whatever happens to the scheduler, each period gets its job exactly once, for ten years and on every 31st."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from xunzhi.web.jobs import clock
from xunzhi.web.jobs.models import Clock, Job
from xunzhi.web.jobs.registry import Plan
from xunzhi.web.jobs.schedule import ZONE, Daily, Every, Monthly, Schedule, due

BEGIN = datetime(2020, 1, 1, tzinfo=ZONE)
YEARS = timedelta(days=3653)


def test_a_31st_falls_on_the_last_day_of_shorter_months() -> None:
    moments = list(due(Monthly(31, time(8)), BEGIN, BEGIN + timedelta(days=366)))
    assert [moment.day for moment in moments] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert {moment.hour for moment in moments} == {8}


def test_ten_years_have_3653_days_and_120_months() -> None:
    end = BEGIN + YEARS
    assert len(list(due(Daily(time(2)), BEGIN, end))) == 3653
    assert len(list(due(Monthly(31, time(23, 59)), BEGIN, end))) == 120


def test_each_day_of_ten_years_once_in_local_time() -> None:
    days = [moment.astimezone(ZONE).date() for moment in due(Daily(time(2)), BEGIN, BEGIN + YEARS)]
    assert days == [date(2020, 1, 1) + timedelta(days=number) for number in range(3653)]


@given(
    st.sampled_from([Daily(time(2)), Monthly(31, time(0)), Monthly(1, time(12)), Every(timedelta(hours=5))]),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=70)), max_size=60),
)
def test_looking_often_or_seldom_finds_the_same_moments(schedule: Schedule, pauses: list[timedelta]) -> None:
    """Catch-up: the moments found over many looks are those found by one look at the end, each once."""
    reached = now = BEGIN.astimezone(UTC)
    found: list[datetime] = []
    for pause in pauses:
        now += pause
        moments = list(due(schedule, reached, now))
        found += moments
        reached = moments[-1] if moments else reached
    assert found == list(due(schedule, BEGIN, now))
    assert len(set(found)) == len(found)


class Catching(TestCase):
    """The scheduler on its table, with outages and with a second scheduler beside it."""

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(st.timedeltas(timedelta(0), timedelta(days=100)), st.booleans()), max_size=36))
    def test_each_month_of_ten_years_gets_one_job(self, looks: list[tuple[timedelta, bool]]) -> None:
        plan = Plan("jobs.tidy", Monthly(31, time(6)), each=True)
        Clock.objects.create(name=plan.kind, reached=BEGIN)
        now = BEGIN
        with patch.object(clock, "plans", lambda: {plan.kind: plan}):
            for pause, crowded in looks:
                now += pause
                seen = Clock.objects.get(name=plan.kind).reached
                clock.tick(now)
                if crowded:  # another scheduler that had looked at the same time
                    clock.advance(plan, seen, now)
        queued = [datetime.fromisoformat(job.arguments["due"]) for job in Job.objects.order_by("pk")]
        assert queued == list(due(plan.schedule, BEGIN, now))


@pytest.mark.django_db
def test_after_an_outage_one_job_stands_for_all_that_was_missed() -> None:
    plan = Plan("jobs.tidy", Daily(time(2)))
    Clock.objects.create(name=plan.kind, reached=BEGIN)
    with patch.object(clock, "plans", lambda: {plan.kind: plan}):
        assert len(clock.tick(BEGIN + timedelta(days=12))) == 1
        assert clock.tick(BEGIN + timedelta(days=12, minutes=1)) == []
        Job.objects.update(state=Job.State.DONE)
        assert len(clock.tick(BEGIN + timedelta(days=13))) == 1


@pytest.mark.django_db
def test_a_new_schedule_begins_with_its_next_moment() -> None:
    plan = Plan("jobs.tidy", Daily(time(2)))
    with patch.object(clock, "plans", lambda: {plan.kind: plan}):
        assert clock.tick(BEGIN) == []
        assert len(clock.tick(BEGIN + timedelta(hours=2))) == 1


@pytest.mark.django_db
def test_a_clock_set_back_queues_nothing_twice() -> None:
    plan = Plan("jobs.tidy", Daily(time(2)), each=True)
    Clock.objects.create(name=plan.kind, reached=BEGIN)
    with patch.object(clock, "plans", lambda: {plan.kind: plan}):
        clock.tick(BEGIN + timedelta(days=3))
        clock.tick(BEGIN + timedelta(days=1))
        clock.tick(BEGIN + timedelta(days=3, minutes=5))
    assert Job.objects.count() == 3
