"""Around a case: drafts, saved views, links, comments; and the rules that case types name."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Draft, Link, SavedView
from xunzhi.web.cases.rules import effects, guards
from xunzhi.web.cases.services import comment, edit, link, open_case, save_draft, save_view
from xunzhi.web.cases.talk import unlink
from xunzhi.web.cases.types import case_types

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", list(case_types()))
def test_every_rule_that_a_case_type_names_is_there(name):
    for step, spec in case_types()[name].transitions.items():
        assert set(spec.guards) <= set(guards()), step
        assert set(spec.effects) <= set(effects()), step


def test_a_draft_is_kept_as_it_was_typed_until_it_is_filed(people, problem):
    save_draft("finding", {"subject": "抢"}, people.officer)
    save_draft("finding", {"subject": "抢救车", "points": "三"}, people.officer)
    save_draft("finding", {"subject": "其他"}, people.head_a)
    assert Draft.objects.get(user=people.officer).values == {"subject": "抢救车", "points": "三"}
    open_case("finding", problem(), people.officer)
    assert not Draft.objects.filter(user=people.officer).exists()
    assert Draft.objects.filter(user=people.head_a).exists()
    with pytest.raises(Invalid):
        save_draft("finding", {"nonsense": 1}, people.officer)


def test_a_draft_of_a_case_at_hand_goes_when_the_case_is_changed(people, finding):
    case = finding()
    save_draft("finding", {"clause": "…"}, people.officer, case)
    edit(case, {"clause": "3.2"}, people.officer, case.version)
    assert not Draft.objects.exists()


def test_a_view_is_replaced_by_one_of_the_same_name(people):
    save_view("逾期", "?due=late", people.officer, "finding")
    save_view("逾期", "?due=late&unit=3", people.officer, "finding", shared=True)
    save_view("逾期", "", people.head_a, "finding")
    kept = SavedView.objects.get(user=people.officer)
    assert (kept.query, kept.shared) == ("due=late&unit=3", True)
    with pytest.raises(Invalid):
        save_view(" ", "", people.officer)


def test_cases_are_linked_once_and_by_those_who_see_both(people, finding):
    one, other = finding(), finding()
    link(one, other, people.officer, "duplicate")
    made = link(one, other, people.officer, "duplicate")
    assert Link.objects.get() == made
    with pytest.raises(Refused):
        link(one, one, people.officer)
    with pytest.raises(PermissionDenied):
        link(one, other, people.doctor_b)
    unlink(made, people.officer)
    assert not Link.objects.exists()


def test_a_comment_is_for_those_who_see_the_case_and_says_something(people, finding):
    case = finding("issue")
    for text in (" ", "x" * 5001):
        with pytest.raises(Invalid):
            comment(case, text, people.officer)
    with pytest.raises(PermissionDenied):
        comment(case, "…", people.doctor_b)
    assert comment(case, "已联系药学部", people.head_a).by == people.head_a
