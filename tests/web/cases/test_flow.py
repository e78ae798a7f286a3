"""A finding from notice to closing, step by step, as its people take it."""

from __future__ import annotations

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from xunzhi.web.cases.errors import Conflict, Invalid, Refused
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.services import edit, move, open_case

pytestmark = pytest.mark.django_db


def told(person):
    return list(person.notifications.order_by("pk").values_list("text_zh", flat=True))


@time_machine.travel("2026-11-23 10:00 +0800", tick=False)
def test_a_finding_is_put_right(people, problem, reply):
    case = open_case("finding", problem(), people.officer)
    assert (case.number, case.state, case.version, case.unit.code) == ("ZG-202611-0001", "draft", 1, "0301")

    case = move(case, "issue", {}, people.officer, case.version)
    assert told(people.head_a.person) == [
        "整改通知 ZG-202611-0001：抢救车药品近效期未更换。请签收，整改期限 2026-12-04"
    ]
    assert timezone.localtime(case.due_at).isoformat() == "2026-12-04T23:59:59+08:00"

    case = move(case, "acknowledge", {}, people.head_a, case.version)
    case = move(case, "plan", {name: reply[name] for name in ("cause", "measures")}, people.head_a, case.version)
    case = move(case, "answer", {"done_evidence": reply["done_evidence"]}, people.head_a, case.version, signed=True)
    assert timezone.localtime(case.due_at).date().isoformat() == "2026-11-30", "5 working days"
    assert case.log.last().signed_as == "head_a"

    seen = {"recheck_way": "on_site", "recheck_finding": "仍有一支近效期", "deadline": "2026-12-20"}
    case = move(case, "return", seen, people.officer, case.version, comment="第二抽屉未查")
    assert (case.state, case.round) == ("planning", 2)
    assert "第 2 次通知" in told(people.head_a.person)[-1]

    case = move(case, "answer", {}, people.head_a, case.version, signed=True)
    case = move(case, "pass", {"recheck_finding": "已全部更换"}, people.officer, case.version, signed=True)
    assert (case.state, case.stage, case.due_at) == ("closed_effective", "done", None)
    assert case.closed_at == timezone.now()
    assert [entry.transition for entry in case.log.all()] == [
        "", "issue", "acknowledge", "plan", "answer", "return", "answer", "pass",
    ]  # fmt: skip


def test_needs_are_asked_for_with_all_mistakes_at_once(people, finding):
    case = finding("issue")
    with pytest.raises(Invalid) as caught:
        move(case, "plan", {"measures": [{"what": "培训", "strength": "brave"}]}, people.head_a, case.version)
    assert set(caught.value.errors) == {"cause", "measures.0.owner", "measures.0.by", "measures.0.strength"}
    assert Case.objects.get(pk=case.pk).version == case.version


def test_a_reason_is_asked_for(people, finding):
    case = finding("issue")
    with pytest.raises(Invalid) as caught:
        move(case, "withdraw", {}, people.officer, case.version, comment="  ")
    assert set(caught.value.errors) == {"comment"}


def test_a_signature_is_asked_for(people, finding, reply):
    case = finding("issue")
    with pytest.raises(Refused, match="Confirm who you are"):
        move(case, "answer", reply, people.head_a, case.version)


@pytest.mark.parametrize("name", ["head_b", "doctor_a", "doctor_b", "officer_h2", "system_admin"])
def test_others_may_not_take_the_step(people, finding, name):
    case = finding("issue")
    with pytest.raises(PermissionDenied):
        move(case, "acknowledge", {}, getattr(people, name), case.version)


def test_a_step_belongs_to_its_states(people, finding):
    case = finding()
    with pytest.raises(Refused, match="can't be done while ZG-"):
        move(case, "pass", {}, people.officer, case.version)


def test_who_comes_second_is_told_who_was_first(people, finding):
    case = finding("issue")
    move(case, "acknowledge", {}, people.head_a, case.version)
    with pytest.raises(Conflict) as caught:
        move(case, "acknowledge", {}, people.head_a, case.version)
    assert caught.value.who == "head_a"
    assert caught.value.state in ("制定方案", "Planning")


def test_fields_of_other_steps_can_not_be_changed(people, finding):
    case = finding("issue")
    with pytest.raises(Invalid) as caught:
        move(case, "acknowledge", {"deadline": "2027-01-01"}, people.head_a, case.version)
    assert set(caught.value.errors) == {"deadline"}


def test_fields_may_be_given_as_they_are(people, finding):
    case = finding("issue")
    assert move(case, "acknowledge", {"deadline": "2026-12-04"}, people.head_a, case.version).state == "planning"


def test_editing_keeps_what_was_before(people, finding):
    case = edit(finding(), {"clause": "急救药品管理制度 3.2", "severity": "general"}, people.officer, 1)
    assert case.version == 2
    entry = case.log.last()
    assert (entry.kind, entry.changes) == (
        LogEntry.Kind.EDITED,
        {"severity": ["serious", "general"], "clause": [None, "急救药品管理制度 3.2"]},
    )
    assert "急救药品管理制度" in case.text


def test_others_may_not_edit(people, finding):
    for name in ("head_a", "doctor_b"):
        with pytest.raises(PermissionDenied):
            edit(finding(), {"clause": "…"}, getattr(people, name), 1)


def test_the_log_is_written_once(finding):
    entry = finding().log.get()
    entry.comment = "…"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_opening_is_for_those_who_may(people, problem, units):
    for name in ("doctor_a", "officer_h2", "system_admin", "audit_admin"):
        with pytest.raises(PermissionDenied):
            open_case("finding", problem(), getattr(people, name))
    with pytest.raises(PermissionDenied):
        open_case("finding", problem(department=units.surgery.pk), people.head_a)
    assert open_case("finding", problem(), people.head_a).opened_by == people.head_a


def test_what_is_wrong_with_a_new_case_is_said_by_field(people, problem):
    wrong = problem(subject=" ", severity="bad", found_time="yesterday", department=99, deadline="31.12.", nonsense=1)
    with pytest.raises(Invalid) as caught:
        open_case("finding", wrong, people.officer)
    assert set(caught.value.errors) == {"subject", "severity", "found_time", "department", "deadline", "nonsense"}
    assert not Case.objects.exists()


@pytest.mark.parametrize("wrong", [{"deadline": "0001-01-05"}, {"found_time": "9999-12-31T08:00"}])
def test_dates_of_no_living_person_are_refused(people, problem, wrong):
    with pytest.raises(Invalid) as caught:
        open_case("finding", problem(**wrong), people.officer)
    assert caught.value.errors == dict.fromkeys(wrong, "must lie between the years 1900 and 2200")


def test_a_field_is_needed_and_shown_when_another_says_so(people, problem):
    with pytest.raises(Invalid) as caught:
        open_case("finding", problem(source="indicator", baseline=5), people.officer)
    assert set(caught.value.errors) == {"indicator"}
    case = open_case("finding", problem(baseline=5), people.officer)
    assert "baseline" not in case.values, "hidden without an indicator"


def test_grave_cases_become_confidential_and_stay_so(people, problem):
    case = open_case("finding", problem(severity="red_line"), people.officer)
    assert case.secrecy == "confidential"
    assert edit(case, {"severity": "general"}, people.officer, 1).secrecy == "confidential"
    case.refresh_from_db()
    move(case, "issue", {}, people.officer, case.version)
    assert "抢救车" not in told(people.head_a.person)[0], "its title doesn't leave the site"


def test_the_program_may_take_steps(finding):
    case = finding("issue")
    assert move(case, "withdraw", {}, None, case.version, comment="重复").state == "withdrawn"
