"""Who may open the pages of improvement."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.web.permission_kit import Page
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.improve.contests import enter
from xunzhi.web.improve.models import Proof

SEEING = ("president", "vice", "member", "officer", "head_a")
OUTSIDE = ("head_b", "doctor_b")
ELSEWHERE = ("officer_h2",)
WITHOUT = ("system_admin", "security_admin", "audit_admin")
READERS = (*SEEING, "officer_h2", "nurse_a", "doctor_a", *OUTSIDE)


def project(world: SimpleNamespace) -> Case:
    """A project of cardiology, handed in, with the committee member as its reviewer."""
    known = Case.objects.filter(type="project").first()
    if known is not None:
        return known
    people, units = world.people, world.units
    values = {
        "subject": "缩短术前等待", "method": "pdca", "department": units.cardiology.pk, "reason": "数据显示等待过长",
        "leader": people.head_a.person.pk, "begins": "2026-01-05", "ends": "2026-06-30",
    }  # fmt: skip
    case = open_case("project", values, people.head_a)
    case = move(case, "submit", {}, people.head_a, case.version)
    return move(case, "ask_reviewers", {"reviewers": [people.member.person.pk]}, people.officer, case.version)


def _running(world: SimpleNamespace) -> Case:
    case = project(world)
    Case.objects.filter(pk=case.pk).update(state="running", stage="open")
    return case


def contest(world: SimpleNamespace) -> Case:
    """A contest that is being prepared, with that project in it and the vice-president as its judge."""
    known = Case.objects.filter(type="contest").first()
    if known is not None:
        return known
    values = {"subject": "年度评选", "date": "2026-12-01", "judges": [world.people.vice.person.pk]}
    made = open_case("contest", values, world.people.officer)
    enter(project(world), made, None)
    return made


def _project(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": project(world).pk}


def _effect(world: SimpleNamespace) -> dict[str, Any]:
    case = project(world)
    Proof.objects.get_or_create(
        case=case, indicator="ed_07_resus_mortality", institution="H1", stratum="department", unit="0301",
        before_first="2025-01", before_last="2025-12",
    )  # fmt: skip
    return {"pk": case.pk}


def _tool(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": project(world).pk, "name": "fishbone"}


def _step(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": project(world).pk, "name": "plan_problem"}


PAGES = [
    Page("improve:projects", may=READERS, outsider=WITHOUT),
    Page("improve:benefits", may=READERS, outsider=WITHOUT),
    Page("improve:project", may=SEEING, outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_project),
    Page("improve:tool", may=SEEING, outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_tool),
    Page("improve:tool", method="post", may=("head_a",), outsider=OUTSIDE, arguments=_tool),
    Page("improve:hand_over", method="post", may=("head_a",), outsider=("president", "member", *OUTSIDE),
         wrong_scope=ELSEWHERE, arguments=lambda world: {"pk": _running(world).pk, "name": "standardisation"}),
    Page("improve:step", method="post", may=("head_a",), outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_step),
    Page("improve:score", may=SEEING, outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_project),
    Page("improve:score", method="post", may=("member",), outsider=("officer", *OUTSIDE), arguments=_project),
    Page("improve:contest", may=SEEING[:4], outsider=OUTSIDE, wrong_scope=ELSEWHERE,
         arguments=lambda world: {"pk": contest(world).pk}),
    Page("improve:contest_score", may=("vice", "officer", "head_a"), outsider=OUTSIDE, wrong_scope=ELSEWHERE,
         arguments=lambda world: {"pk": project(world).pk, "contest_pk": contest(world).pk}),
    Page("improve:entry", method="post", may=("officer",), outsider=("head_a", *OUTSIDE), wrong_scope=ELSEWHERE,
         arguments=lambda world: {"pk": contest(world).pk}, data=lambda world: {"project": project(world).pk}),
    Page("improve:effect", may=SEEING, outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_effect),
    Page("improve:effect", method="post", may=("officer",), outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_effect),
    Page("improve:library", may=READERS, outsider=("security_admin", "audit_admin")),
    Page("improve:showcase", may=SEEING, outsider=OUTSIDE, wrong_scope=ELSEWHERE, arguments=_project),
]  # fmt: skip
