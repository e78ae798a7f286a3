"""Who sees which case."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.cases.access import may_edit, may_move, may_open, may_see, steps, visible
from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.services import comment, follow, open_case, raise_secrecy
from xunzhi.web.cases.types import case_types
from xunzhi.web.org.models import Post
from xunzhi.web.permissions import Access

pytestmark = pytest.mark.django_db


def seers(people, case) -> set[str]:
    found = {name for name, user in vars(people).items() if may_see(Access(user), case)}
    assert found == {name for name, user in vars(people).items() if case in visible(Access(user))}, (
        "the same, asked twice"
    )
    return found


OFFICE = {"officer", "president", "vice"}


def test_a_finding_is_seen_by_its_department_and_those_above_it(people, finding):
    assert seers(people, finding("issue")) == OFFICE | {"member", "head_a"}


def test_a_draft_is_known_to_its_author_and_the_whole_hospital_s_offices_only(people, units, finding, problem):
    draft = finding(collaborators=[units.surgery.pk])
    assert seers(people, draft) == OFFICE | {"member"}
    comment(draft, "@doctor_b 请核对", people.officer)
    assert seers(people, draft) == OFFICE | {"member", "doctor_b"}
    own = open_case("finding", problem(), people.head_a)
    assert "head_a" in seers(people, own)


def test_units_that_take_part_see_it_through_their_heads(people, finding, units):
    assert seers(people, finding("issue", collaborators=[units.surgery.pk])) == OFFICE | {"member", "head_a", "head_b"}


def test_whom_it_is_assigned_to_sees_it(people, units):
    values = {
        "subject": "修订交接班制度", "department": units.cardiology.pk, "priority": "normal",
        "deadline": "2026-12-31", "owner": people.doctor_b.person.pk,
    }  # fmt: skip
    case = open_case("task", values, people.officer)
    assert case.assignee == people.doctor_b.person
    assert "doctor_b" in seers(people, case)


def test_who_is_mentioned_sees_it_and_is_told(people, finding):
    case = finding("issue")
    comment(case, "请 @doctor_b 协助核对药品目录", people.officer)
    assert "doctor_b" in seers(people, case)
    assert people.doctor_b.person.notifications.get().kind == "mention"


def test_of_a_confidential_case_fewer_know(people, finding, units):
    case = finding("issue", severity="red_line", collaborators=[units.surgery.pk])
    assert seers(people, case) == OFFICE | {"head_a", "head_b"}
    with pytest.raises(Refused, match="doctor_b"):
        comment(case, "@doctor_b 请看", people.officer)
    assert comment(case, "@head_b 请看", people.officer).mentions.get() == people.head_b.person


def test_a_secret_case_is_known_to_those_in_it_only(people, finding):
    case = finding("issue")
    case = raise_secrecy(case, Secrecy.SECRET, people.officer, case.version)
    assert seers(people, case) == {"officer"}, "who opened it"
    with pytest.raises(Refused):
        raise_secrecy(case, Secrecy.INTERNAL, None, case.version)


def test_opened_by_oneself_is_seen(people, problem, units):
    RoleGrant.objects.create(user=people.nurse_a, role="quality_member", unit=units.cardiology, since=date(2026, 1, 1))
    case = open_case("finding", problem(), people.nurse_a)
    RoleGrant.objects.filter(user=people.nurse_a).delete()
    assert "nurse_a" in seers(people, case)


def test_a_post_that_ended_shows_nothing_any_more(people, finding):
    case = finding("issue")
    RoleGrant.objects.filter(user=people.head_a).delete()
    assert may_see(Access(User.objects.get(pk=people.head_a.pk)), case), "by the post alone"
    Post.objects.filter(person=people.head_a.person).update(until=date(2021, 1, 1))
    assert not may_see(Access(User.objects.get(pk=people.head_a.pk)), case)


def test_each_case_is_listed_once(people, finding, units):
    case = finding("issue", collaborators=[units.surgery.pk, units.office.pk])
    comment(case, "@head_b @head_a", people.officer)
    comment(case, "@head_b", people.officer)
    assert list(visible(Access(people.head_b))) == [case]


def test_steps_are_offered_to_those_who_may_take_them(people, finding):
    case = finding("issue")
    assert list(steps(Access(people.head_a), case)) == ["acknowledge", "plan", "answer"]
    assert list(steps(Access(people.officer), case)) == ["extend", "withdraw"]
    assert not steps(Access(people.vice), case)
    assert may_edit(Access(people.head_a), case)
    assert not may_edit(Access(people.vice), case)
    assert not may_move(Access(people.officer_h2), case, "withdraw")


def test_who_opens_what_for_whom(people, units):
    form = case_types()["finding"]
    assert may_open(Access(people.officer), form, units.surgery)
    assert may_open(Access(people.head_a), form, units.ward)
    assert not may_open(Access(people.head_a), form, units.surgery)
    assert not may_open(Access(people.doctor_a), form)


def test_only_those_who_see_it_follow_it(people, finding):
    case = finding("issue")
    follow(case, people.vice)
    with pytest.raises(PermissionDenied):
        follow(case, people.doctor_b)
    assert [one.person for one in case.followers.all()] == [people.vice.person]


def test_the_list_asks_few_questions(people, finding, django_assert_max_num_queries):
    for _ in range(3):
        finding("issue")
    with django_assert_max_num_queries(6):
        assert len(visible(Access(User.objects.get(pk=people.head_a.pk))).select_related("unit", "revision")) == 3
