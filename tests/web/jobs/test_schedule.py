"""Whatever happens to the scheduler, what came due is queued once, for ten years."""

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
from xunzhi.web.jobs.schedule import ZONE, Daily, Every, Schedule, due

BEGIN = datetime(2020, 1, 1, tzinfo=ZONE)
YEARS = timedelta(days=3653)


def test_each_day_of_ten_years_once_in_local_time() -> None:
    days = [moment.astimezone(ZONE).date() for moment in due(Daily(time(2)), BEGIN, BEGIN + YEARS)]
    assert days == [date(2020, 1, 1) + timedelta(days=number) for number in range(3653)]


@given(
    st.sampled_from([Daily(time(2)), Daily(time(0)), Every(timedelta(hours=5))]),
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
    @given(st.lists(st.tuples(st.timedeltas(timedelta(0), timedelta(days=3)), st.booleans()), max_size=36))
    def test_each_look_that_finds_a_day_begun_queues_one_job(self, looks: list[tuple[timedelta, bool]]) -> None:
        plan = Plan("jobs.tidy", Daily(time(6)))
        Clock.objects.create(name=plan.kind, reached=BEGIN)
        now, wanted = BEGIN, 0
        with patch.object(clock, "plans", lambda: {plan.kind: plan}):
            for pause, crowded in looks:
                wanted += bool(list(due(plan.schedule, now, now + pause)))
                now += pause
                seen = Clock.objects.get(name=plan.kind).reached
                clock.tick(now)
                Job.objects.update(state=Job.State.DONE)
                if crowded:  # another scheduler that had looked at the same time
                    clock.advance(plan, seen, now)
        assert Job.objects.count() == wanted


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
    plan = Plan("jobs.tidy", Daily(time(2)))
    Clock.objects.create(name=plan.kind, reached=BEGIN)
    with patch.object(clock, "plans", lambda: {plan.kind: plan}):
        assert len(clock.tick(BEGIN + timedelta(days=3))) == 1
        Job.objects.update(state=Job.State.DONE)
        assert clock.tick(BEGIN + timedelta(days=1)) == []
        assert clock.tick(BEGIN + timedelta(days=3, minutes=5)) == []
