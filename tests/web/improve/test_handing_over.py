"""What a project hands over: the revision of a document, its spread to other departments; and the call it answers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.web.cases.test_race import at_once
from tests.web.improve.pages import project
from tests.web.improve.test_projects import POINTS, by, running
from xunzhi.web.accounts.models import User
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.improve import tasks, workspace
from xunzhi.web.improve.models import ToolSheet
from xunzhi.web.improve.work_items import waiting
from xunzhi.web.permissions import Access
from xunzhi.web.work.models import Notification

pytestmark = pytest.mark.usefixtures("english")


def test_standardisation_opens_the_revision_of_a_document_once(world: SimpleNamespace) -> None:
    case, head = running(world), by(world.people.head_a)
    told = {"document": "手卫生制度", "change": "配置标准", "owner": world.people.nurse_a.person.pk}
    workspace.save_tool(case, "standardisation", told, head, 0)
    with pytest.raises(Refused, match="by when"):
        tasks.hand_over(case, "standardisation", head)
    workspace.save_tool(case, "standardisation", {**told, "deadline": "2027-01-31"}, head, 1)
    [task] = tasks.hand_over(case, "standardisation", head)
    assert (task.type, task.state, task.unit, task.title) == (
        "task", "assigned", world.units.cardiology, "Revise “手卫生制度”",
    )  # fmt: skip
    assert task.assignee == world.people.nurse_a.person
    assert task.due_at.date().isoformat() == "2027-01-31"
    with pytest.raises(Refused, match="before"):
        tasks.hand_over(case, "standardisation", head)


def test_what_cannot_become_a_document_is_refused_with_the_name_of_its_field(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case, head = running(world), by(world.people.head_a)
    told = {"document": "手卫生制度", "number": "N" * 41, "owner": head.user.person.pk, "deadline": "2027-01-31"}
    with pytest.raises(Invalid) as error:
        workspace.save_tool(case, "standardisation", told, head, 0)
    assert set(error.value.errors) == {"number"}
    workspace.save_tool(case, "standardisation", {**told, "number": ""}, head, 0)
    ToolSheet.objects.update(values=told)  # kept before the field had a limit
    answer = signed_in("head_a").post(f"/improve/projects/{case.pk}/tools/standardisation/tasks", follow=True)
    assert "Number of the document has 41 characters; at most 40 fit" in answer.content.decode()
    assert not Case.objects.filter(type="task").exists()


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_the_same_moment_tasks_are_opened_once(world: SimpleNamespace) -> None:
    case, head = running(world), by(world.people.head_a)
    told = {"document": "手卫生制度", "owner": world.people.nurse_a.person.pk, "deadline": "2027-01-31"}
    workspace.save_tool(case, "standardisation", told, head, 0)
    results = at_once(lambda _: tasks.hand_over(case, "standardisation", by(User.objects.get(pk=head.user.pk))), 3)
    assert sorted(isinstance(one, Refused) for one in results) == [False, True, True]
    assert Case.objects.filter(type="task").count() == 1


def test_spreading_hands_tasks_to_departments_and_the_project_shows_them(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case, officer = running(world), by(world.people.officer)
    rows = [{"department": world.units.surgery.pk, "owner": world.people.doctor_b.person.pk, "by": "2027-02-28"}]
    workspace.save_tool(case, "lessons", {"learnt": "床旁配置", "spread": rows}, officer, 0)
    with pytest.raises(PermissionDenied):  # a head hands nothing to another department
        tasks.hand_over(case, "lessons", by(world.people.head_a))
    assert not Case.objects.filter(type="task").exists()
    tool = f"/improve/projects/{case.pk}/tools/lessons"
    said = {name: signed_in(name).get(tool).content.decode() for name in ("head_a", "officer")}
    assert [f'action="{tool}/tasks"' in page for page in said.values()] == [False, True]
    assert "or the quality office to hand this over" in said["head_a"]
    signed_in("officer").post(f"/improve/projects/{case.pk}/tools/lessons/tasks")
    task = Case.objects.get(type="task")
    assert (task.unit, task.state) == (world.units.surgery, "assigned")
    page = signed_in("head_a").get(f"/improve/projects/{case.pk}").content.decode()
    assert task.title in page
    assert "In progress" in page
    assert f"/cases/{task.pk}" not in page  # the progress is shown, the task is the other department's
    task = move(task, "report", {"result": "已推广"}, world.people.doctor_b, task.version)
    move(task, "confirm", {}, world.people.officer, task.version)
    assert "Done" in signed_in("head_a").get(f"/improve/projects/{case.pk}").content.decode()


def test_a_call_is_known_to_all_once_it_is_published_and_lists_its_proposals(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    values = {"subject": "2027年度项目征集", "year": 2027, "topics": "患者安全", "closes": "2027-03-31"}
    call = open_case("call", values, world.people.officer)
    head = signed_in("head_a")
    assert head.get(f"/cases/{call.pk}").status_code == 404
    call = move(call, "publish", {}, world.people.officer, call.version)
    assert call.title in head.get("/improve/projects/").content.decode()
    link = call.get_absolute_url()
    told = Notification.objects.filter(link=link).values_list("person__name", flat=True)
    assert {"head_a", "head_b", "nurse_a"} <= set(told)
    assert f"/cases/project/new?from={call.pk}" in head.get(link).content.decode()
    assert signed_in("officer_h2").get(f"/cases/{call.pk}").status_code == 404
    proposed = {
        "subject": "降低跌倒发生率", "method": "pdca", "department": world.units.cardiology.pk, "reason": "数据",
        "leader": world.people.head_a.person.pk, "begins": "2027-04-01", "ends": "2027-12-31", "from": call.pk,
    }  # fmt: skip
    head.post("/cases/project/new", proposed)
    made = Case.objects.get(type="project")
    assert made.title in signed_in("officer").get(f"/cases/{call.pk}").content.decode()
    assert call.title in head.get(f"/improve/projects/{made.pk}").content.decode()


def test_reviewers_are_led_to_their_sheet_wherever_they_work(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case = project(world)
    asked = world.people.head_b.person
    move(case, "ask_reviewers", {"reviewers": [asked.pk]}, world.people.officer, case.version)
    link = Notification.objects.get(person=asked, text_zh__contains=case.number).link
    assert [item.link for item in waiting(Access(world.people.head_b))] == [link]
    assert [*waiting(Access(world.people.head_a))] == []
    client = signed_in("head_b")
    assert client.get(link).status_code == 200
    assert client.get(f"/improve/showcase/{case.pk}").status_code == 200
    assert signed_in("doctor_b").get(f"/improve/showcase/{case.pk}").status_code == 404
    assert client.post(link, POINTS).status_code == 302
    assert [*waiting(Access(world.people.head_b))] == []


def test_the_form_of_a_tool_has_what_its_script_needs(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    page = signed_in("head_a").get(f"/improve/projects/{running(world).pk}/tools/goal").content.decode()
    assert 'data-case-form="rules"' in page
    assert '<script id="rules" type="application/json">{"ideal"' in page
