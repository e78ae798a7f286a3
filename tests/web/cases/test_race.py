"""Many at once: one wins, the others are told; numbers have no gaps. Runs on the database of DATABASE_URL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.db import connection

from xunzhi.web.accounts.models import User
from xunzhi.web.cases.errors import CaseError, Conflict, Refused
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.org.models import Post

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 50


def at_once(act, count: int) -> list[object]:
    """Do something in many threads at the same moment; what each gave, or its error."""
    ready = Barrier(count)

    def one(number: int) -> object:
        try:
            ready.wait()
            return act(number)
        except CaseError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_of_fifty_who_press_the_same_step_one_wins(people: SimpleNamespace, finding) -> None:
    case = finding("issue")
    Post.objects.create(person=people.member.person, unit=case.unit, duty=Post.Duty.HEAD, since=date(2020, 1, 1))
    heads = [people.head_a, people.member]

    def press(number: int) -> Case:
        return move(case, "acknowledge", {}, User.objects.get(pk=heads[number % 2].pk), case.version)

    results = at_once(press, PEOPLE)
    winners = [one for one in results if isinstance(one, Case)]
    losers = [one for one in results if isinstance(one, Conflict)]
    assert (len(winners), len(losers)) == (1, PEOPLE - 1)
    assert Case.objects.get(pk=case.pk).version == case.version + 1
    entry = LogEntry.objects.get(case=case, transition="acknowledge")
    assert {(one.who, one.when) for one in losers} == {(str(entry.by), entry.at)}


def test_different_steps_at_once_leave_one_story(people: SimpleNamespace, finding, reply) -> None:
    case = finding("issue")

    def press(number: int) -> Case:
        if number % 2:
            return move(case, "withdraw", {}, people.officer, case.version, comment="重复")
        return move(case, "answer", reply, people.head_a, case.version, signed=True)

    results = at_once(press, 10)
    assert sum(isinstance(one, Case) for one in results) == 1
    assert all(isinstance(one, Case | Conflict | Refused) for one in results)
    last = LogEntry.objects.filter(case=case).last()
    assert Case.objects.get(pk=case.pk).state == last.to_state


def test_numbers_given_at_once_have_no_gaps(people: SimpleNamespace, problem) -> None:
    values = problem()

    def file(number: int) -> Case:
        wrong = {"department": -1} if number % 5 == 0 else {}
        return open_case("finding", {**values, **wrong}, User.objects.get(pk=people.officer.pk))

    results = at_once(file, 25)
    numbers = sorted(one.number[-4:] for one in results if isinstance(one, Case))
    assert numbers == [f"{number:04d}" for number in range(1, 21)]
