"""Responsibility letters: both sides sign, each unit gets its own, nobody assesses himself."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from xunzhi.web.cases.access import may_see
from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.cases.work_items import waiting
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access

SAID = {
    "subject": "2027 年度医疗质量安全责任书", "level": "department", "begins": "2027-01-01", "ends": "2027-12-31",
    "duties": "第一责任人",
    "goals": [{"goal": "手卫生", "indicator": "hai_06_hand_hygiene", "target": "≥ 85%", "points": 20}],
}  # fmt: skip


@pytest.fixture
def world(units: SimpleNamespace, people: SimpleNamespace) -> SimpleNamespace:
    """The hospital and its people."""
    return SimpleNamespace(units=units, people=people)


def issued(world: SimpleNamespace, *also: Unit) -> Case:
    """A letter of the vice-president to cardiology, and the same to others."""
    named = {"department": world.units.cardiology.pk, "signatory": world.people.head_a.person.pk}
    letter = open_case(
        "responsibility_letter", {**SAID, **named, "also_for": [unit.pk for unit in also]}, world.people.vice
    )
    return move(letter, "issue", {}, world.people.vice, letter.version, signed=True)


def stepped(case: Case, step: str, by: Any, values: dict[str, Any] | None = None, comment: str = "") -> Case:
    """A step with the signature that it asks for."""
    return move(case, step, values, by, Case.objects.get(pk=case.pk).version, comment, signed=True)


def test_from_issue_to_assessment(world: SimpleNamespace) -> None:
    people = world.people
    letter = issued(world)
    assert [item.link for item in waiting(Access(people.head_a)) if item.whose == "mine"] == [letter.get_absolute_url()]
    letter = stepped(letter, "accept", people.head_a)
    assert letter.due_at.date() == date(2027, 12, 31)
    assert letter.log.get(transition="issue").signed_as.startswith("vice")
    assert letter.log.get(transition="accept").signed_as.startswith("head_a")
    letter = stepped(letter, "report", people.head_a, {"self_review": "均已落实"})
    outcome = {"outcome": "fulfilled", "score": 96, "remarks": "同意"}
    assert stepped(letter, "assess", people.officer, outcome).state == "assessed"


def test_who_signs_does_not_assess(world: SimpleNamespace) -> None:
    named = {"department": world.units.office.pk, "signatory": world.people.officer.person.pk, "level": "office"}
    letter = open_case("responsibility_letter", {**SAID, **named}, world.people.vice)
    for step, by in (("issue", world.people.vice), ("accept", world.people.officer)):
        letter = stepped(letter, step, by)
    letter = stepped(letter, "report", world.people.officer, {"self_review": "x"})
    with pytest.raises(Refused, match="考核"):
        stepped(letter, "assess", world.people.officer, {"outcome": "fulfilled", "remarks": "x"})
    assert stepped(letter, "assess", world.people.vice, {"outcome": "fulfilled", "remarks": "x"}).state == "assessed"


def test_the_same_letter_goes_to_each_unit_for_its_head_and_once(world: SimpleNamespace) -> None:
    letter = issued(world, world.units.surgery, world.units.cardiology, world.units.ward)
    found = {one.unit: one for one in Case.objects.filter(type="responsibility_letter", state="to_sign")}
    assert {unit.code: one.assignee.name for unit, one in found.items()} == {
        "0301": "head_a", "0401": "head_b", "0301W1": "nurse_a",
    }  # fmt: skip
    assert found[world.units.surgery].values["goals"] == letter.values["goals"]
    stepped(letter, "object", world.people.head_a, comment="目标值过高")
    stepped(letter, "issue", world.people.vice)
    assert Case.objects.filter(type="responsibility_letter").count() == 3


def test_a_unit_without_a_head_is_named_and_nothing_is_issued(world: SimpleNamespace) -> None:
    with pytest.raises(Refused, match="质控科"):
        issued(world, world.units.surgery, world.units.office)
    assert set(Case.objects.filter(type="responsibility_letter").values_list("state", flat=True)) <= {"draft"}


def test_departments_see_their_own_letters_only(world: SimpleNamespace) -> None:
    letter = issued(world)
    seen = {
        name: may_see(Access(getattr(world.people, name)), letter)
        for name in ("head_a", "head_b", "officer", "doctor_b")
    }
    assert seen == {"head_a": True, "head_b": False, "officer": True, "doctor_b": False}


def test_a_head_signs_with_the_people_of_his_department(world: SimpleNamespace) -> None:
    named = {
        "department": world.units.cardiology.pk,
        "signatory": world.people.doctor_a.person.pk,
        "level": "individual",
    }
    letter = open_case("responsibility_letter", {**SAID, **named}, world.people.head_a)
    letter = stepped(letter, "issue", world.people.head_a)
    assert stepped(letter, "accept", world.people.doctor_a).state == "in_force"


def test_nobody_signs_for_another_and_staff_issue_none(world: SimpleNamespace) -> None:
    letter = issued(world)
    for name in ("head_b", "doctor_a", "officer", "vice"):
        with pytest.raises(PermissionDenied):
            stepped(letter, "accept", getattr(world.people, name))
    named = {"department": world.units.cardiology.pk, "signatory": world.people.head_a.person.pk}
    with pytest.raises(PermissionDenied):
        open_case("responsibility_letter", {**SAID, **named}, world.people.doctor_a)


def test_a_head_issues_none_for_another_department(world: SimpleNamespace) -> None:
    named = {
        "department": world.units.cardiology.pk,
        "signatory": world.people.doctor_a.person.pk,
        "level": "individual",
    }
    also = {"also_for": [world.units.surgery.pk]}
    letter = open_case("responsibility_letter", {**SAID, **named, **also}, world.people.head_a)
    with pytest.raises(PermissionDenied), transaction.atomic():
        stepped(letter, "issue", world.people.head_a)
    assert list(Case.objects.filter(type="responsibility_letter").values_list("state", flat=True)) == ["draft"]
