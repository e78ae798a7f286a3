"""Policies and procedures: issued by another, shown on the pages of their indicators, revised by projects, reviewed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web.improve.test_projects import by, running
from tests.web.monitor.pages import NAME
from xunzhi.web.cases.deadlines import take_steps
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.files import upload
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import edit, move, open_case
from xunzhi.web.cases.work_items import waiting
from xunzhi.web.improve import tasks, workspace
from xunzhi.web.improve.indicator_panels import panels
from xunzhi.web.permissions import Access
from xunzhi.web.work.models import Notification

pytestmark = pytest.mark.usefixtures("english")

HYGIENE, OTHER = "hai_06_hand_hygiene", "ed_07_resus_mortality"


def handed_in(world: SimpleNamespace, *indicators: str) -> Case:
    """A policy of cardiology, handed in by its head."""
    head = world.people.head_a
    file = upload(SimpleUploadedFile("制度.txt", "手卫生".encode()), head)
    values = {
        "name": "手卫生管理制度", "kind": "policy", "office": world.units.cardiology.pk, "keeper": head.person.pk,
        "document": [str(file.pk)], "indicators": indicators or [HYGIENE, OTHER],
    }  # fmt: skip
    case = open_case("procedure", values, head)
    return move(case, "submit", {}, head, case.version)


def in_force(world: SimpleNamespace, *indicators: str) -> Case:
    """That policy, issued until the end of 2028."""
    case = handed_in(world, *indicators)
    edition = {"document_number": "YG-012", "edition": "2026", "effective": "2026-01-01", "review_by": "2028-12-31"}
    return move(case, "issue", edition, world.people.officer, case.version, signed=True)


def waiting_for(user: Any) -> list[str]:
    """What someone's page of work asks of him."""
    return [item.why for item in waiting(Access(user)) if item.whose == "mine"]


def shown(user: Any, indicator: str = HYGIENE) -> str:
    """What the page of an indicator shows someone of it."""
    return "".join(panels(by(user), indicator, "H1"))


def test_a_procedure_is_issued_by_another_with_edition_and_review_date(world: SimpleNamespace) -> None:
    case = handed_in(world)
    with pytest.raises(Invalid) as error:
        move(case, "issue", {}, world.people.officer, case.version, signed=True)
    assert set(error.value.errors) == {"document_number", "edition", "effective", "review_by"}
    own = open_case("procedure", {"name": "x", "kind": "plan", "office": world.units.office.pk}, world.people.officer)
    Case.objects.filter(pk=own.pk).update(state="reviewing", stage="waiting")
    edition = {"document_number": "1", "edition": "1", "effective": "2026-01-01", "review_by": "2027-01-01"}
    with pytest.raises(Refused, match="else"):
        move(own, "issue", edition, world.people.officer, own.version, signed=True)


def test_everyone_of_the_hospital_sees_it_on_the_pages_of_its_indicators(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case = handed_in(world)
    assert "手卫生管理制度" not in shown(world.people.head_b)
    case = move(
        case, "issue",
        {"document_number": "YG-012", "edition": "2026", "effective": "2026-01-01", "review_by": "2028-12-31"},
        world.people.officer, case.version, signed=True,
    )  # fmt: skip
    for name in ("doctor_b", "head_b", "audit_admin", "president"):
        assert f'href="/cases/{case.pk}"' in shown(getattr(world.people, name)), name
        assert signed_in(name).get(f"/cases/{case.pk}").status_code == 200
    assert "手卫生管理制度" in shown(world.people.doctor_b, OTHER)
    assert "手卫生管理制度" not in shown(world.people.doctor_b, "preop_los_elective")
    assert signed_in("officer_h2").get(f"/cases/{case.pk}").status_code == 404
    assert f'href="/cases/{case.pk}"' not in shown(world.people.officer_h2)
    assert "?indicators=hai_06_hand_hygiene" in shown(world.people.head_b)
    assert "?indicators" not in shown(world.people.doctor_b)
    case = move(case, "withdraw", {}, world.people.officer, case.version, comment="并入新制度", signed=True)
    assert "手卫生管理制度" not in shown(world.people.doctor_b)


def test_the_form_takes_several_indicators(world: SimpleNamespace, signed_in: Callable[[str], Client]) -> None:
    head = signed_in("head_a")
    page = head.get(f"/cases/procedure/new?indicators={HYGIENE}").content.decode()
    assert f'name="indicators" value="{HYGIENE}"' in page
    told = {"name": "抢救制度", "kind": "policy", "office": world.units.cardiology.pk, "indicators": [HYGIENE, OTHER]}
    head.post("/cases/procedure/new", told)
    case = Case.objects.get(type="procedure")
    assert case.values["indicators"] == [HYGIENE, OTHER]
    for wrong in (["no_such"], [{"a": 1}], {"a": 1}):
        with pytest.raises(Invalid) as error:
            edit(case, {"indicators": wrong}, world.people.head_a, case.version)
        assert set(error.value.errors) == {"indicators"}


def test_the_keeper_is_reminded_of_the_review_and_confirms_it(world: SimpleNamespace) -> None:
    case = in_force(world)
    assert not waiting_for(world.people.head_a)  # nothing to do for two years
    take_steps(datetime(2028, 12, 5, tzinfo=UTC))
    told = Notification.objects.filter(person=world.people.head_a.person, link=case.get_absolute_url())
    assert "2028-12-31" in told.latest("pk").text_zh
    with time_machine.travel("2028-12-05 10:00 +0800", tick=False):
        assert waiting_for(world.people.head_a) == ["Review it before the date"]
    case = move(case, "confirm", {"review_by": "2030-12-31"}, world.people.head_a, case.version, comment="仍适用")
    assert (case.state, case.due_at.year) == ("in_force", 2030)


def test_the_standard_of_a_project_begins_the_revision_of_the_document_in_force(world: SimpleNamespace) -> None:
    document, project, head = in_force(world), running(world), by(world.people.head_a)
    told = {"document": "手卫生制度", "number": "YG-012", "change": "床旁配置", "owner": head.user.person.pk}
    workspace.save_tool(project, "standardisation", {**told, "deadline": "2027-01-31"}, head, 0)
    [task] = tasks.hand_over(project, "standardisation", head)
    document.refresh_from_db()
    assert (document.state, document.values["change"]) == ("revising", "床旁配置")
    assert {link.other for link in document.links.all()} == {project, task}
    assert document in [one.case for one in tasks.of_project(head.access, project)]
    assert "being revised" in shown(world.people.doctor_b)  # the present edition is in force until the new one is
    assert "V2" not in shown(world.people.doctor_b)
    edition = {"edition": "V2", "effective": "2027-02-01", "review_by": "2030-01-31"}
    move(document, "reissue", edition, world.people.officer, document.version, signed=True)
    assert "V2" in shown(world.people.doctor_b)


def test_a_document_that_the_register_does_not_have_is_drafted(world: SimpleNamespace) -> None:
    project, head = running(world, OTHER), by(world.people.head_a)
    told = {"document": "抢救流程", "owner": head.user.person.pk, "deadline": "2027-01-31"}
    workspace.save_tool(project, "standardisation", told, head, 0)
    tasks.hand_over(project, "standardisation", head)
    draft = Case.objects.get(type="procedure")
    assert (draft.state, draft.title, draft.values["indicators"]) == ("draft", "抢救流程", [OTHER])


@pytest.mark.parametrize(("number", "state"), [("YG-012", "revising"), ("YG-099", "in_force"), ("", "in_force")])
def test_only_the_document_that_is_meant_is_revised(world: SimpleNamespace, number: str, state: str) -> None:
    """Two documents have the same name, neither of cardiology: the number tells which, without it neither is meant."""
    documents = [in_force(world), in_force(world)]
    for document, its, office in zip(documents, ("YG-012", "YG-013"), ("surgery", "office"), strict=True):
        values = document.values | {"document_number": its}
        Case.objects.filter(pk=document.pk).update(values=values, unit=getattr(world.units, office))
    project, officer = running(world), by(world.people.officer)
    told = {"document": "手卫生管理制度", "number": number, "owner": officer.user.person.pk, "deadline": "2027-01-31"}
    workspace.save_tool(project, "standardisation", told, officer, 0)
    tasks.hand_over(project, "standardisation", officer)
    assert [Case.objects.get(pk=document.pk).state for document in documents] == [state, "in_force"]
    assert Case.objects.filter(type="procedure", state="draft").count() == (state == "in_force")


def test_the_panel_asks_the_database_as_often_for_many_procedures(
    world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    case = in_force(world)
    reader = by(world.people.doctor_b)
    list(panels(reader, HYGIENE, "H1"))  # roles are known now
    copies = [Case(**{f.attname: getattr(case, f.attname) for f in Case._meta.concrete_fields}) for _ in range(15)]
    for number, copy in enumerate(copies):
        copy.pk, copy.number = None, f"ZD-2027-{number:03d}"
    Case.objects.bulk_create(copies)
    with django_assert_max_num_queries(4):  # one for procedures, the others for what worked
        assert "".join(panels(reader, HYGIENE, "H1")).count("手卫生管理制度") == 16


@pytest.mark.usefixtures("results")
def test_the_page_of_an_indicator_shows_what_the_rooms_know_of_it(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case = in_force(world, NAME)
    page = signed_in("officer").get(f"/indicators/{NAME}").content.decode()
    assert f'href="/cases/{case.pk}"' in page
    assert f"/cases/procedure/new?indicators={NAME}" in page
    assert f"targets?indicator={NAME}" in page
