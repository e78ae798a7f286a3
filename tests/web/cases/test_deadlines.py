"""Reminders and escalation: due and not yet sent, each once.

November 2026: the 23rd is a Monday; no holidays until the new year.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from xunzhi.standards.cases import Step
from xunzhi.web.cases.deadlines import falls_at, take_steps
from xunzhi.web.cases.detail import term
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.services import move

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


DUE = at("2026-11-30T23:59:59")  # a Monday


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        ({"before": "2 working days"}, "2026-11-26T08:00"),  # Thursday
        ({"before": "1 working day"}, "2026-11-27T08:00"),
        ({"before": "2 days"}, "2026-11-28T08:00"),
        ({"before": "8 hours"}, "2026-11-30T15:59:59"),
        ({}, "2026-11-30T08:00"),
        ({"after": "8 hours"}, "2026-12-01T07:59:59"),
        ({"after": "1 day"}, "2026-12-01T08:00"),
        ({"after": "5 working days"}, "2026-12-07T08:00"),
    ],
)
def test_a_step_of_the_ladder_falls_on_its_day(step, moment):
    assert falls_at(Step(to=("opener",), **step), DUE, "H1") == at(moment)


def told(person) -> list[str]:
    return [one.text_zh.split("：")[0] for one in person.notifications.exclude(kind="task").order_by("pk")]


def test_a_finding_climbs_the_ladder(people, finding):
    case = finding("issue", deadline="2026-11-30")
    head, vice = people.head_a.person, people.vice.person
    assert take_steps(at("2026-11-26T07:59")) == 0
    assert take_steps(at("2026-11-26T08:00")) == 1
    assert told(head) == [f"质量问题整改 {case.number} 将于 2026-11-30 到期"]
    assert take_steps(at("2026-11-29T12:00")) == 0, "told once"
    assert take_steps(at("2026-11-30T09:00")) == 1
    assert take_steps(at("2026-12-03T09:00")) == 2, "those missed are made up for"
    assert told(head)[-1] == f"质量问题整改 {case.number} 已逾期（期限 2026-11-30）"
    assert told(vice) == []
    assert take_steps(at("2026-12-14T09:00")) == 2
    assert told(vice) == [f"质量问题整改 {case.number} 已逾期（期限 2026-11-30）"]
    assert vice.notifications.get().kind == "escalation"
    assert take_steps(at("2027-01-30T09:00")) == 0
    assert LogEntry.objects.filter(case=case, kind="reminded").count() == 6


def test_who_answered_is_reminded_no_more(people, finding, reply):
    case = finding("issue", deadline="2026-11-30")
    take_steps(at("2026-11-26T08:00"))
    case = move(case, "withdraw", {}, None, case.version, comment="重复")
    assert take_steps(at("2026-12-10T08:00")) == 0


def test_a_new_deadline_starts_the_ladder_anew(people, finding):
    case = finding("issue", deadline="2026-11-30")
    take_steps(at("2026-11-30T09:00"))
    move(case, "extend", {"deadline": "2026-12-18"}, people.officer, case.version, comment="采购中")
    assert take_steps(at("2026-12-10T09:00")) == 0
    assert take_steps(at("2026-12-18T09:00")) == 2


def test_a_case_whose_deadline_can_not_be_reckoned_stops_nobody_else(finding):
    odd, other = finding("issue"), finding("issue", deadline="2026-11-30")
    Case.objects.filter(pk=odd.pk).update(due_at=datetime(1, 1, 5, tzinfo=UTC))
    for _round in range(2):
        with pytest.raises(RuntimeError, match=odd.number):
            take_steps(at("2026-11-30T09:00"))
    assert LogEntry.objects.filter(case=other, kind="reminded").count() == 2


def test_a_deadline_in_a_far_century_is_shown_without_counting_to_it():
    case = Case(institution="H1", due_at=datetime(9000, 1, 5, tzinfo=UTC))
    began = time.process_time()
    shown = term(case)
    assert time.process_time() - began < 0.5
    assert shown is not None
    assert shown.text == "366 working days left"
