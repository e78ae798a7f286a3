"""A history for the demo hospital: policies, letters, findings in every state, a proved circle, a running project.

The steps are taken by the demo's people through the same services as on the site; then the dates are moved back, for a
site that was founded today has no past. The results that prove the circle's effect are those of the synthetic data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from xunzhi.measures import shifted
from xunzhi.web.accounts.models import User
from xunzhi.web.cases.files import upload
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import comment, move, open_case
from xunzhi.web.improve import contests, proofs, tasks, workspace
from xunzhi.web.improve.models import Proof, StepDone
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access

HYGIENE, HYGIENE_FROM = "hai_06_hand_hygiene", "2025-07"
"""The synthetic intensive care unit cleans its hands better from this month on (synth/scenarios/default)."""


def seed() -> None:
    """Fill the site; needs the accounts of the demo."""
    names = ("quality", "quality2", "medical", "infection", "head", "surgeon", "icu", "doctor", "vice", "committee")
    people = {name: _as(name) for name in names}
    with transaction.atomic():
        _procedures(SimpleNamespace(**people))
        _findings(SimpleNamespace(**people))
        _circle(SimpleNamespace(**people))
        _project(SimpleNamespace(**people))
        _letters(SimpleNamespace(**people))


def _as(name: str) -> HttpRequest:
    """Someone at work: what services take for a request."""
    user = User.objects.select_related("person__unit").get(username=name)
    request = HttpRequest()
    request.user, request.access, request.person = user, Access(user), user.person  # type: ignore[attr-defined]
    return request


def _unit(code: str) -> Unit:
    return Unit.objects.get(code=code, kind=Unit.Kind.DEPARTMENT)


def _day(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def _finding(by: HttpRequest, unit: str, subject: str, problem: str, source: str, due: int, **more: Any) -> Case:
    values = {
        "subject": subject, "problem": problem, "severity": more.pop("severity", "general"), "source": source,
        "found_time": f"{_day(-3)}T09:30", "department": _unit(unit).pk, "deadline": _day(due), **more,
    }  # fmt: skip
    return open_case("finding", values, by.user)


def _moved(case: Case, step: str, by: HttpRequest, **values: Any) -> Case:
    said = values.pop("said", "")
    signed = case.form.transitions[step].sign
    return move(case, step, values, by.user, case.version, comment=said, signed=signed)


def _measures(owner: int, *rows: tuple[str, str]) -> list[Mapping[str, Any]]:
    return [
        {"what": what, "owner": owner, "by": _day(10), "strength": strength, "done": True} for what, strength in rows
    ]


def _findings(on: SimpleNamespace) -> None:
    """One finding in each state."""
    _finding(
        on.quality, "0401", "手术安全核查第三方签名缺失", "抽查 20 份，3 份离室前核查无巡回护士签名。", "inspection", 20
    )

    issued = _finding(
        on.quality, "0304", "危急值处置超时", "本月 2 例血钾危急值 30 分钟内未见处置记录。", "inspection", 12
    )
    issued = _moved(issued, "issue", on.quality)
    _back(issued, 2)

    planning = _finding(
        on.quality2,
        "2800",
        "抗菌药物治疗前送检率低",
        "限制级抗菌药物使用前送检率低于 50%。",
        "inspection",
        9,
        severity="more_serious",
    )
    planning = _moved(_moved(planning, "issue", on.quality2), "acknowledge", on.icu)
    comment(planning, "请药学部临床药师共同参与原因分析。", on.vice.user)
    _back(planning, 6)

    late = _finding(
        on.quality,
        "0401",
        "术前讨论记录不完整",
        "抽查四级手术 10 例，2 例缺手术风险评估。",
        "inspection",
        2,
        severity="more_serious",
    )
    late = _moved(_moved(late, "issue", on.quality), "acknowledge", on.surgeon)
    owner = on.surgeon.person.pk
    late = _moved(
        late, "plan", on.surgeon, cause="模板未设必填项，讨论由住院医师单独记录。",
        measures=_measures(owner, ("电子病历术前讨论模板增加风险评估必填项", "strong"), ("科内培训", "weak")),
    )  # fmt: skip
    _back(late, 12)  # its date has passed: overdue

    recheck = _finding(on.quality, "0304", "转科交接记录缺时间", "5 份转科记录中 2 份无交接时间。", "inspection", 15)
    recheck = _moved(recheck, "issue", on.quality)
    recheck = _moved(
        recheck, "answer", on.head, cause="纸质交接单未设时间栏。",
        measures=_measures(on.head.person.pk, ("启用电子交接单，时间自动生成", "strong")),
        done_evidence="电子交接单已启用，近两周 26 例均有交接时间。",
    )  # fmt: skip
    _back(recheck, 8)

    done = _finding(on.quality, "0401", "手术部位标识不规范", "2 例标识位于敷料下，入室时不可见。", "inspection", 14)
    done = _moved(done, "issue", on.quality)
    answer = {"cause": "标识位置无统一要求。", "done_evidence": "抽查 30 例均符合。"}
    done = _moved(
        done,
        "answer",
        on.surgeon,
        **answer,
        measures=_measures(owner, ("核查系统增加标识照片上传，未上传不能入室", "strong")),
    )
    done = _moved(
        done,
        "return",
        on.quality,
        recheck_way="on_site",
        recheck_finding="仍有 1 例不规范。",
        deadline=_day(20),
        said="请补充夜间急诊手术的落实情况",
    )
    done = _moved(done, "answer", on.surgeon)
    done = _moved(done, "pass", on.quality, recheck_finding="抽查夜间急诊 12 例，均规范。")
    _back(done, 60)


def _procedures(on: SimpleNamespace) -> None:
    """Policies in force; one of them is due for its review."""
    for told in _told("procedures"):
        by, values = getattr(on, told.pop("by")), _meant(told, on)
        text = upload(ContentFile(values["summary"].encode(), f"{values['name']}.txt"), by.user)
        values |= {"office": by.person.unit_id, "keeper": by.person.pk, "document": [str(text.pk)]}
        case = _moved(open_case("procedure", values, by.user), "submit", by)
        _back(_moved(case, "issue", on.quality), 200, due_stays=True)


def _letters(on: SimpleNamespace) -> None:
    """This year's responsibility letter to three departments: two have signed, one has still to."""
    letter = open_case("responsibility_letter", _meant(_told("letter"), on), on.vice.user)
    _back(_moved(letter, "issue", on.vice), 6)
    signing = {on.head.person.pk: on.head, on.icu.person.pk: on.icu}
    for one in Case.objects.filter(type="responsibility_letter", assignee__in=signing):
        _back(_moved(one, "accept", signing[one.assignee_id]), 4, due_stays=True)


def _circle(on: SimpleNamespace) -> None:
    """The circle of the intensive care unit, from proposal to proof."""
    circle = _proposed(on.icu, "2800", "提高重症医学科医务人员手卫生依从率", "circle", HYGIENE, 71.5, 88.0, on)
    _tools(circle, "circle", on.icu, on)
    for key, _step in workspace.steps(circle):
        workspace.finish_step(circle, key, on.icu)
    for tool in ("standardisation", "lessons"):
        tasks.hand_over(circle, tool, on.quality)
    before = shifted(HYGIENE_FROM, -1)
    Proof.objects.filter(case=circle).update(
        before_first=shifted(before, -11), before_last=before, in_place=HYGIENE_FROM
    )
    circle = _moved(circle, "conclude", on.icu, summary="依从率由 71% 提高到 90%，强措施占六成。")
    if proofs.judge(Proof.objects.get(case=circle)).why_not is None:
        circle = _moved(circle, "close_effective", on.quality)
        Case.objects.filter(pk=circle.pk).update(
            values=circle.values | {"shown": True, "keywords": "手卫生 院感 依从率"}
        )
    _back(circle, (timezone.localdate() - date(2025, 6, 1)).days, closed=30)


def _proposed(
    by: HttpRequest, unit: str, subject: str, method: str, indicator: str, baseline: float, expected: float,
    on: SimpleNamespace,
) -> Case:  # fmt: skip
    """A project that was proposed, reviewed and approved."""
    values = {
        "subject": subject, "method": method, "department": _unit(unit).pk, "leader": by.person.pk,
        "coach": on.quality2.person.pk, "indicator": indicator, "baseline": baseline, "expected": expected,
        "reason": "与目标值有差距，涉及患者安全，科室有能力改进。", "begins": _day(0), "ends": _day(180),
    }  # fmt: skip
    case = _moved(open_case("project", values, by.user), "submit", by)
    case = _moved(case, "ask_reviewers", on.quality, reviewers=[on.committee.person.pk])
    points = {"need": 27, "goal": 18, "method": 26, "spread": 17}
    contests.score(case, None, points, "目标明确，建议增加夜班观察。", on.committee)
    return _moved(case, "approve", on.quality)


def _tools(case: Case, which: str, by: HttpRequest, on: SimpleNamespace) -> None:
    """Fill in the tools of a project as demo.yaml says."""
    for tool, values in _told(which).items():
        workspace.save_tool(case, tool, _meant(values, on), by, 0)


def _told(what: str) -> Any:
    """A part of demo.yaml."""
    return yaml.safe_load(Path(__file__).with_name("demo.yaml").read_text(encoding="utf-8"))[what]


def _meant(value: Any, on: SimpleNamespace) -> Any:
    """Persons, days and departments in place of how demo.yaml names them."""
    if isinstance(value, dict):
        return {name: _meant(one, on) for name, one in value.items()}
    if isinstance(value, list):
        return [_meant(one, on) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("@"):
        return getattr(on, value[1:]).person.pk
    if value.startswith("#"):
        return _unit(value[1:]).pk
    return _day(int(value.removeprefix("day "))) if value.startswith("day ") else value


def _project(on: SimpleNamespace) -> None:
    """A PDCA project in the middle of its way."""
    case = _proposed(on.head, "0304", "缩短择期手术术前平均住院日", "pdca", "preop_los_elective", 2.4, 1.8, on)
    _tools(case, "project", on.head, on)
    for key in ("plan_problem", "plan_cause", "plan_goal"):
        workspace.finish_step(case, key, on.head)
    _back(case, 35)


def _back(case: Case, days: int, closed: int = 0, *, due_stays: bool = False) -> None:
    """Move what happened to a case back in time; its closing to so many days ago."""
    past = timedelta(days=days)
    case.refresh_from_db()
    when: dict[str, Any] = {"opened_at": F("opened_at") - past, "entered_state_at": F("entered_state_at") - past}
    if case.due_at and not due_stays:
        when["due_at"] = F("due_at") - past
    if case.closed_at:
        when["closed_at"] = F("closed_at") - timedelta(days=closed or days - 20)
        when["entered_state_at"] = when["closed_at"]
    Case.objects.filter(pk=case.pk).update(**when)
    case.log.update(at=F("at") - past)
    case.comments.update(at=F("at") - past)
    StepDone.objects.filter(case=case).update(done_at=F("done_at") - past)
    Proof.objects.filter(case=case).update(declared_at=F("declared_at") - past)
