"""A project from proposal to conclusion: reviewed before it begins, proved before it is called effective."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.web.improve.pages import contest, project
from xunzhi.measures import shifted
from xunzhi.measures.effect import Effect, Holding, Level, Verdict
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.improve import contests, jobs, proofs, workspace
from xunzhi.web.improve.models import Proof, Score
from xunzhi.web.permissions import Access

POINTS = {"need": "25", "goal": "15", "method": "20", "spread": "15"}
NAME = "ed_07_resus_mortality"


pytestmark = pytest.mark.usefixtures("english")


def by(user: Any) -> Any:
    """Someone's request."""
    request = RequestFactory().post("/")
    request.user, request.access = user, Access(user)
    return request


def running(world: SimpleNamespace, indicator: str | None = None) -> Case:
    case = project(world)
    if indicator:
        Case.objects.filter(pk=case.pk).update(values=case.values | {"indicator": indicator})
        case.refresh_from_db()
    contests.score(case, None, POINTS, "", by(world.people.member))
    return move(case, "approve", {}, world.people.officer, case.version)


def test_a_proposal_is_approved_only_after_the_points_of_all_reviewers(world: SimpleNamespace) -> None:
    case = project(world)
    with pytest.raises(Refused, match="member"):
        move(case, "approve", {}, world.people.officer, case.version)
    assert running(world).state == "running"


def test_points_lie_within_the_sheet_and_nobody_judges_his_own_project(world: SimpleNamespace) -> None:
    case = project(world)
    with pytest.raises(Invalid) as error:
        contests.score(case, None, {**POINTS, "need": "31", "goal": ""}, "", by(world.people.member))
    assert set(error.value.errors) == {"need", "goal"}
    with pytest.raises(PermissionDenied):
        contests.score(case, None, POINTS, "", by(world.people.head_a))
    assert contests.score(case, None, POINTS, "", by(world.people.member)).total == 75


def test_a_step_is_ticked_only_when_its_tools_are_filled_in(world: SimpleNamespace) -> None:
    case, head = running(world), by(world.people.head_a)
    with pytest.raises(Refused, match="Fishbone"):
        workspace.finish_step(case, "plan_cause", head)
    causes = [{"category": "people", "cause": "人力不足", "root": True}]
    workspace.save_tool(case, "fishbone", {"problem": "等待过长", "causes": causes}, head, 0)
    workspace.finish_step(case, "plan_cause", head)
    assert set(workspace.done(case)) == {"plan_cause"}
    with pytest.raises(Refused, match="steps are not finished"):
        move(case, "conclude", {"summary": "完成"}, world.people.head_a, case.version)


def test_two_who_fill_in_the_same_tool_do_not_overwrite_each_other(world: SimpleNamespace) -> None:
    case, head = running(world), by(world.people.head_a)
    workspace.save_tool(case, "goal", {"what": "等待"}, head, 0)
    with pytest.raises(Refused, match="meanwhile"):
        workspace.save_tool(case, "goal", {"what": "别的"}, head, 0)
    workspace.save_tool(case, "goal", {"what": "等待时间"}, head, 1)
    assert workspace.sheets(case)["goal"].values == {"what": "等待时间"}


def test_only_the_team_fills_in_tools_and_mistakes_are_named(world: SimpleNamespace) -> None:
    case = running(world)
    with pytest.raises(PermissionDenied):
        workspace.save_tool(case, "goal", {}, by(world.people.head_b), 0)
    with pytest.raises(Invalid) as error:
        workspace.save_tool(case, "goal", {"current": "many", "focus": 120}, by(world.people.head_a), 0)
    assert set(error.value.errors) == {"current", "focus"}


def test_what_one_tool_finds_the_next_one_starts_with(world: SimpleNamespace) -> None:
    case, head = running(world), by(world.people.head_a)
    rows = [{"item": "未评估", "count": 8}, {"item": "环境", "count": 2}]
    workspace.save_tool(case, "check_sheet", {"observations": rows}, head, 0)
    causes = workspace.prefilled(case, "pareto")["causes"]
    workspace.save_tool(case, "pareto", {"causes": causes}, head, 0)
    assert workspace.prefilled(case, "goal")["focus"] == 80.0


def test_the_proof_is_laid_down_when_the_work_begins_and_without_it_nothing_is_effective(
    world: SimpleNamespace,
) -> None:
    case = running(world, indicator=NAME)
    proof = Proof.objects.get(case=case)
    this_month = proofs.month_of(timezone.localdate())
    assert (proof.stratum, proof.unit) == ("department", "0301")
    assert (proof.before_first, proof.before_last) == (shifted(this_month, -12), shifted(this_month, -1))
    officer = by(world.people.officer)
    for wrong in (proof.before_last, shifted(this_month, 1), "soon"):
        with pytest.raises(ValueError, match=r"month|baseline"):
            proofs.set_in_place(case, wrong, officer)
    proofs.set_in_place(case, this_month, officer)
    Case.objects.filter(pk=case.pk).update(state="concluding", stage="waiting")
    case.refresh_from_db()
    with pytest.raises(Refused):  # there is no chart here at all
        move(case, "close_effective", {}, world.people.officer, case.version, signed=True)
    case = move(case, "close_otherwise", {}, world.people.officer, case.version, comment="无数据", signed=True)
    assert case.state == "closed_otherwise"


def test_a_project_without_an_indicator_cannot_be_closed_as_effective(world: SimpleNamespace) -> None:
    case = running(world)
    Case.objects.filter(pk=case.pk).update(state="concluding", stage="waiting")
    case.refresh_from_db()
    with pytest.raises(Refused, match="no indicator"):
        move(case, "close_effective", {}, world.people.officer, case.version, signed=True)


def judged(proof: Proof, verdict: Verdict, holding: Holding) -> proofs.Judged:
    level = Level(1.0, 0.5, 1.5, 6)
    found = Effect(verdict, holding, level, level, -1.0, -2.0, -0.5, 1.0, trend_before=False, reached=None)
    return proofs.Judged(proof, None, found)


@pytest.mark.parametrize(
    ("verdict", "holding", "state"),
    [
        (Verdict.IMPROVED, Holding.HOLDS, "closed_effective"),
        (Verdict.TOO_EARLY, Holding.TOO_EARLY, "closed_effective"),
        (Verdict.IMPROVED, Holding.FADING, "running"),
        (Verdict.UNCHANGED, Holding.TOO_EARLY, "running"),
    ],
)
def test_a_lost_gain_opens_the_case_again(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, holding: Holding, state: str
) -> None:
    case = running(world, indicator=NAME)
    now = timezone.now()
    Case.objects.filter(pk=case.pk).update(state="closed_effective", stage="done", closed_at=now)
    case.refresh_from_db()
    proofs.watch(case)
    monkeypatch.setattr(proofs, "judge", lambda proof: judged(proof, verdict, holding))
    jobs.watch(lambda *_: None)
    case.refresh_from_db()
    assert case.state == state


def test_the_quality_office_shows_a_closed_project_to_the_hospital_and_hides_it_again(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case, closed = project(world), timezone.now()
    Case.objects.filter(pk=case.pk).update(state="closed_effective", stage="done", closed_at=closed, due_at=None)
    officer, reader, step = signed_in("officer"), signed_in("doctor_b"), f"/cases/{case.pk}/move/show"
    assert step in officer.get(f"/cases/{case.pk}").content.decode()
    assert signed_in("head_a").post(step, {"shown": "true"}).status_code == 403
    for sent, status in (({"shown": "true", "keywords": "术前"}, 200), ({}, 404)):
        version = Case.objects.get(pk=case.pk).version
        assert officer.post(step, {**sent, "version": version}).status_code == 302
        assert reader.get(f"/improve/showcase/{case.pk}").status_code == status
    case.refresh_from_db()
    assert (case.state, case.closed_at, case.due_at) == ("closed_effective", closed, None)
    assert Entry.objects.filter(action="case.move", thing=f"case {case.number}", detail__contains="show").count() == 2


def test_equal_means_share_a_place_and_judges_of_their_own_project_owe_nothing(world: SimpleNamespace) -> None:
    made = contest(world)
    assert contests.unscored(made) == 1
    made = move(made, "open_judging", {}, world.people.officer, made.version)
    points = {"topic": 10, "analysis": 15, "measures": 15, "effect": 20, "standard": 8, "showing": 8}
    contests.score(project(world), made, points, "", by(world.people.vice))
    assert contests.unscored(made) == 0
    (standing,) = contests.standings(made)
    assert (standing.rank, standing.mean, standing.spread) == (1, 76, 0)
    with pytest.raises(PermissionDenied):
        contests.score(project(world), made, points, "", by(world.people.officer))


def test_a_judge_opens_the_sheets_of_the_entries_of_his_contest_alone(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    made, entry = contest(world), project(world)
    values = {name: value for name, value in entry.values.items() if name != "reviewers"}
    other = {"department": world.units.surgery.pk, "leader": world.people.head_b.person.pk}
    draft = open_case("project", values | other, world.people.head_b)
    Case.objects.filter(pk=made.pk).update(values=made.values | {"judges": [world.people.doctor_a.person.pk]})
    judge, sheet = signed_in("doctor_a"), "/improve/projects/{}/contests/{}"
    assert judge.get(sheet.format(entry.pk, made.pk)).status_code == 200
    assert judge.get(sheet.format(draft.pk, made.pk)).status_code == 404
    assert signed_in("head_b").get(sheet.format(draft.pk, made.pk)).status_code == 404


def test_points_of_a_contest_are_known_to_judges_and_officers_until_it_is_decided(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    made, entry = contest(world), project(world)
    made = move(made, "open_judging", {}, world.people.officer, made.version)
    points = {"topic": 10, "analysis": 15, "measures": 15, "effect": 20, "standard": 8, "showing": 8}
    contests.score(entry, made, points, "展示清楚", by(world.people.vice))
    address = f"/improve/projects/{entry.pk}/contests/{made.pk}"

    def told() -> set[str]:
        pages = {name: signed_in(name).get(address).content.decode() for name in ("vice", "officer", "head_a")}
        return {name for name, page in pages.items() if "展示清楚" in page}

    assert told() == {"vice", "officer"}
    Case.objects.filter(pk=made.pk).update(state="decided", stage="done", closed_at=timezone.now())
    assert told() == {"vice", "officer", "head_a"}


def test_a_judge_has_one_score_for_a_proposal_and_one_in_each_contest(world: SimpleNamespace) -> None:
    case, made = project(world), contest(world)
    judge = world.people.member.person
    for where in (None, made):
        Score.objects.create(case=case, contest=where, judge=judge, points={}, total=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Score.objects.create(case=case, contest=where, judge=judge, points={}, total=2)


def test_points_stand_without_names_but_for_committee_and_quality_office(
    world: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    case = project(world)
    world.people.member.person.name = "评审甲"
    world.people.member.person.save()
    contests.score(case, None, POINTS, "理由充分", by(world.people.member))
    address = f"/improve/projects/{case.pk}/score"
    shown = {name: signed_in(name).get(address).content.decode() for name in ("head_a", "president", "officer")}
    assert all("75 / 100" in page and "理由充分" in page for page in shown.values())
    assert {name for name, page in shown.items() if "评审甲" in page} == {"officer"}
    assert "评审甲" in signed_in("member").get(address).content.decode()
