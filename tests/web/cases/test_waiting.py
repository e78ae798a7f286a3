"""What waits for whom: the page of work agrees with who may take the step."""

from __future__ import annotations

import pytest
from django.utils import translation

from xunzhi.web.accounts.models import User
from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.parties import is_party
from xunzhi.web.cases.search import found
from xunzhi.web.cases.services import follow, move, open_case
from xunzhi.web.cases.waiting import waits_for
from xunzhi.web.cases.work_items import waiting
from xunzhi.web.permissions import Access

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(people, finding, reply, units) -> list[Case]:
    """Cases in many states, of three units."""
    answered = finding("issue")
    move(answered, "answer", reply, people.head_a, answered.version, signed=True)
    task = {
        "subject": "修订交接班制度", "department": units.surgery.pk, "priority": "normal", "deadline": "2026-12-31",
        "owner": people.doctor_b.person.pk,
    }  # fmt: skip
    task = open_case("task", task, people.officer)
    move(task, "assign", {}, people.officer, 1)
    others = [
        finding(),
        finding("issue"),
        finding("issue", department=units.ward.pk),
        finding("issue", department=units.surgery.pk),
        finding("issue", department=units.office.pk, collaborators=[units.surgery.pk]),
        finding("withdraw"),
    ]
    return list(Case.objects.filter(pk__in=[answered.pk, task.pk, *(one.pk for one in others)]))


def test_the_condition_agrees_with_the_parties(people, many):
    for name, user in vars(people).items():
        access = Access(User.objects.get(pk=user.pk))
        asked = {case.pk for case in visible(access).filter(waits_for(access))}
        told = {case.pk for case in visible(access) if case.open and is_party(access, case, "responsible")}
        assert asked == told, name
    assert visible(Access(people.head_a)).filter(waits_for(Access(people.head_a))).count() == 1
    assert visible(Access(people.head_b)).filter(waits_for(Access(people.head_b))).count() == 2
    assert visible(Access(people.nurse_a)).filter(waits_for(Access(people.nurse_a))).count() == 1


def test_an_item_says_what_to_do_by_when(people, finding):
    case = finding("issue")
    with translation.override("zh-hans"):
        (item,) = waiting(Access(people.head_a))
    assert (item.title, item.why, item.whose, item.kind) == (
        f"{case.number} 抢救车药品近效期未更换", "签收整改通知", "mine", "质量问题整改",
    )  # fmt: skip
    assert item.due == case.due_at


def test_what_a_unit_owes_and_what_is_followed(people, finding, units):
    owed = finding("issue", department=units.ward.pk)
    followed = finding("issue")
    follow(followed, people.vice)
    assert {(item.key, item.whose) for item in waiting(Access(people.head_a))} == {
        (f"case {owed.pk}", "unit" if not is_party(Access(people.head_a), owed, "responsible") else "mine"),
        (f"case {followed.pk}", "mine"),
    }
    assert [(item.key, item.whose) for item in waiting(Access(people.vice))] == [(f"case {followed.pk}", "followed")]


@pytest.mark.parametrize("number", [1, 6])
def test_the_page_of_work_asks_few_questions(people, finding, number, django_assert_max_num_queries):
    for _ in range(number):
        finding("issue")
    access = Access(User.objects.select_related("person").get(pk=people.head_a.pk))
    list(waiting(access))
    with django_assert_max_num_queries(14):
        assert len(list(waiting(access))) == number


@pytest.mark.parametrize("text", ["抢救车", "近效期未", "zg-2", "肾上腺素 抢救"])
def test_cases_are_found_by_parts_of_words(people, finding, text):
    case = finding()
    assert [hit.link for hit in found(Access(people.officer), text)] == [case.get_absolute_url()]
    assert not list(found(Access(people.head_b), text))
    assert not list(found(Access(people.officer), f"{text} 没有的词"))
