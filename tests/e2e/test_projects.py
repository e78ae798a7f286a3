"""The workshop: a yearly call, a circle and a PDCA project from proposal to spread, and a contest of what worked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Walk, begin_the_work_before, named
from tests.e2e.hospital import BETTER
from tests.e2e.visitor import Visitor
from tests.web.test_serve import Running

TODAY = date.today().isoformat()
LATER = (date.today() + timedelta(days=90)).isoformat()
POINTS = {"need": 27, "goal": 18, "method": 26, "spread": 17}
JUDGED = {"topic": 13, "analysis": 17, "measures": 18, "effect": 22, "standard": 9, "showing": 8}

TOPICS: dict[str, Any] = {
    "options": [
        {"option": "提高手卫生依从率", "policy": 5, "importance": 5, "urgency": 5, "ability": 3},
        {"option": "缩短会诊时间", "policy": 3, "importance": 3, "urgency": 3, "ability": 3},
    ]
}
PLAN: dict[str, Any] = {"activities": [{"what": "现况调查", "start": TODAY, "end": LATER}]}
SEEN: dict[str, Any] = {
    "checked": 200,
    "observations": [
        {"date": TODAY, "item": item, "count": count}
        for item, count in (("接触患者前", 48), ("接触环境后", 31), ("其他", 9))
    ],
}
GOAL = {"what": "手卫生依从率", "direction": "higher", "current": 60, "capability": 80}
BONES: dict[str, Any] = {
    "problem": "手卫生依从率低",
    "causes": [
        {"category": "material", "cause": "床旁手消缺货", "root": True},
        {"category": "people", "cause": "夜班人力紧张"},
    ],
}
WHYS: dict[str, Any] = {"problem": "床旁手消缺货", "chains": [{"why1": "补充不及时", "why2": "没有专人负责"}]}
ACTIONS: dict[str, Any] = {"actions": [{"what": "每床加装手消支架", "who": "S0", "by": LATER, "strength": "strong"}]}
MONEY: dict[str, Any] = {"lines": [{"what": "减少导管相关感染", "gain": 42000, "cost": 6800}]}
STANDARD = {"document": "手卫生管理制度", "change": "床旁手消配置标准", "owner": "S0", "deadline": LATER}
LESSONS: dict[str, Any] = {
    "learnt": "让正确的做法最容易做", "how": "床旁手消按床位配置",
    "spread": [{"department": "神经内科", "by": LATER}],
}  # fmt: skip

FOUND = "2 个占 89.8%：接触患者前、接触环境后 | 2 of 3 causes make up 89.8%: 接触患者前, 接触环境后"
TARGET = "60 + (100 − 60) × 89.7727% × 80% = 88.73"
BEGUN = [
    ("查检表 | Check sheet", SEEN, "占 200 次查检的 44.0% | 44.0% of 200 checks"),
    ("柏拉图 | Pareto chart", {}, FOUND),
    ("目标设定 | Goal", GOAL, TARGET),
    ("鱼骨图 | Fishbone", BONES, "要因：床旁手消缺货 | Root causes: 床旁手消缺货"),
    ("行动计划（5W1H） | Action plan (5W1H)", ACTIONS, ""),
]
"""What both methods begin with: each tool, what is entered, and what the program makes of it."""

ENDED = [
    ("标准化 | Standard", STANDARD, ""),
    ("总结与推广 | Lessons and spread", LESSONS, ""),
]
CIRCLE = [
    ("主题评价表 | Choice of topic", TOPICS, "选定：提高手卫生依从率 | Chosen: 提高手卫生依从率"),
    ("活动计划（甘特图） | Activity plan (Gantt)", PLAN, "已计划 1 项活动 | 1 activity planned"),
    *BEGUN,
    ("有形成果 | Tangible results", {"after": 91}, "目标达标率 107.9% | Target attainment 107.9%"),
    *ENDED,
]
PDCA = [
    *BEGUN,
    ("五个为什么 | Five whys", WHYS, "要因：没有专人负责 | Root causes: 没有专人负责"),
    ("经济效益 | Economic benefit", MONEY, "净效益 35,200.00 元 | Net benefit 35,200.00 yuan"),
    *ENDED,
]


@pytest.mark.parametrize(
    ("language", "screen", "method", "tools", "leader", "department"),
    [
        ("zh", "desktop", "circle", CIRCLE, "icu", "重症医学科"),
        ("en", "phone", "pdca", PDCA, "surgeon", "普通外科"),
    ],
    ids=["zh-desktop-circle", "en-phone-pdca"],
)
def test_a_call_becomes_a_project_that_is_reviewed_done_proved_and_spread(
    walk: Walk, site: Running, language: str, screen: str, method: str, tools: list[tuple[str, dict[str, Any], str]],
    leader: str, department: str,
) -> None:  # fmt: skip
    title = f"{department}提高手卫生依从率"
    officer, owner, coach = (walk(user, language, screen) for user in ("quality", leader, "quality2"))
    call = _call(officer, f"征集：{title}")
    project = _proposed(owner, site, title, method, department)
    _reviewed(officer, walk("committee", language, screen), site, project)
    begin_the_work_before(BETTER, site, project)

    owner.go("/")
    owner.menu("改进项目与品管圈 | Projects and circles")
    owner.sees(title).click()
    for tool, values, said in tools:
        _fill_in(owner, project, tool, values, said)
    _fill_in(
        coach, project, "活动与辅导记录 | Meetings and coaching",
        {"entries": [{"date": TODAY, "kind": "coaching", "points": "夜班也要观察"}]}, "",
    )  # fmt: skip
    _finished(owner, officer, project, title)

    _concluded(officer, owner, project)
    _read(officer, project)
    _contested(officer, walk("committee", language, screen), site, project, title)
    officer.go(f"/cases/{call}")
    officer.sees(title)
    officer.step("截止 | Close")


def _call(officer: Visitor, title: str) -> int:
    """The quality office calls for projects."""
    officer.go("/")
    officer.menu("改进项目与品管圈 | Projects and circles")
    officer.press("发起征集 | Call for projects")
    officer.fill(subject=title, year=date.today().year, topics="聚焦患者安全目标", closes=LATER)
    officer.press("提交登记 | File it")
    call = officer.case()
    officer.step("发布 | Publish")
    officer.stands_at("征集中 | Open")
    return call


def _proposed(owner: Visitor, site: Running, title: str, method: str, department: str) -> int:
    """The head of a department answers the call."""
    owner.go("/notifications")
    owner.sees(f"征集：{title}").click()
    owner.press("申报此次征集 | Propose for this call")
    owner.fill(
        subject=title, method=method, department=department, leader=named(site, owner.user),
        coach=named(site, "quality2"), reason="依从率 60%，低于目标", indicator=owner.words("手卫生 | Hand-hygiene"),
        baseline=60, expected=85, begins=TODAY, ends=LATER,
    )  # fmt: skip
    owner.press("提交登记 | File it")
    project = owner.case()
    owner.step("提交评审 | Hand in")
    owner.stands_at("待评审 | Under review")
    return project


def _reviewed(officer: Visitor, reviewer: Visitor, site: Running, project: int) -> None:
    """A reviewer gives points; the office approves after that, not before."""
    officer.go(f"/cases/{project}")
    officer.step("送专家评审 | Ask the reviewers", reviewers=named(site, reviewer.user))
    officer.faults.expected.add(422)  # what can't be done yet
    officer.step("批准立项 | Approve")
    officer.sees("以下专家尚未评分 | These reviewers have not given their points yet")

    reviewer.go("/")
    reviewer.sees("阅读申报书并评分 | Read the proposal and give your points").click()
    reviewer.press("阅读项目 | Read the project")
    reviewer.sees("依从率 60%，低于目标")
    reviewer.page.go_back()
    _give(reviewer, POINTS, "目标明确，建议增加夜班观察")
    reviewer.sees("88 / 100")

    officer.go(f"/cases/{project}")
    officer.step("批准立项 | Approve")
    officer.stands_at("实施中 | Running")


def _give(judge: Visitor, points: dict[str, int], comment: str = "") -> None:
    """Fill in a sheet of points."""
    for criterion, given in points.items():
        judge.page.fill(f"[name={criterion}]", str(given))
    judge.page.fill("[name=comment]", comment)
    judge.press("保存评分 | Save my points")
    judge.sees("评分已保存 | Your points are saved")


def _fill_in(visitor: Visitor, project: int, tool: str, values: dict[str, Any], said: str) -> None:
    """Open a tool from the project's page, fill it in, and read what the program makes of it."""
    visitor.go(f"/improve/projects/{project}")
    visitor.page.locator(".tool-card", has=visitor.page.get_by_text(visitor.words(tool), exact=True)).click()
    visitor.fill(**values)
    visitor.press("保存 | Save")
    visitor.sees(said or "已保存 | Saved")


def _finished(owner: Visitor, officer: Visitor, project: int, title: str) -> None:
    """The team hands over the document, the office what others take up; all steps are ticked."""
    for visitor, tool, button in (
        (owner, "standardisation", "发起制度修订任务 | Open a task to revise the document"),
        (officer, "lessons", "下达推广任务 | Hand it over to these departments"),
    ):
        visitor.go(f"/improve/projects/{project}/tools/{tool}")
        visitor.press(button)
        visitor.sees("已下达 | Handed over")
    owner.go(f"/improve/projects/{project}")
    owner.sees(f"推广“{title}”的做法 | Adopt what “{title}” found", within="#tasks")
    ticks = owner.page.get_by_role("button", name=owner.words("完成本步 | Step finished"))
    for left in range(ticks.count(), 0, -1):
        ticks.first.click()
        expect(ticks).to_have_count(left - 1)
    owner.look()


def _concluded(officer: Visitor, owner: Visitor, project: int) -> None:
    """It is effective only if the chart shows it."""
    owner.go(f"/cases/{project}")
    owner.step("申请结题 | Ask to conclude", summary="依从率由 60% 提高到 91%")
    owner.stands_at("待结题 | Concluding")
    officer.go(f"/cases/{project}")
    officer.step("有效结题 | Close as effective", sign=True)
    officer.sees("请先填写措施从哪个月起到位 | Say first from which month the measures are in place", "[role=alert]")
    officer.proves(project, BETTER)
    officer.go(f"/cases/{project}")
    officer.step("有效结题 | Close as effective", sign=True)
    officer.stands_at("有效结题 | Closed as effective")


def _read(officer: Visitor, project: int) -> None:
    """The report tells what was found and what came of it."""
    officer.go(f"/improve/showcase/{project}")
    officer.sees("已改善并保持 | improved, and it holds")
    officer.sees(FOUND)


def _contested(officer: Visitor, judge: Visitor, site: Running, project: int, title: str) -> None:
    """What worked is entered for a contest; the result is made known when every judge has given his points."""
    officer.go("/cases/contest/new")
    officer.fill(subject=f"成果评选：{title}", date=LATER, judges=named(site, judge.user))
    officer.press("提交登记 | File it")
    contest = officer.case()
    officer.go(f"/improve/contests/{contest}")
    officer.page.select_option("[name=project]", str(project))
    officer.press("添加 | Add")
    officer.go(f"/cases/{contest}")
    officer.step("开始评分 | Open the judging")
    officer.stands_at("评分中 | Judging")
    officer.faults.expected.add(422)  # what can't be done yet
    officer.step("公布结果 | Decide", sign=True, decision="一等奖")
    officer.sees("还缺 1 份评分。 | 1 score is still missing")

    judge.go("/")
    judge.sees("还有 1 个参赛项目待评分 | Give points to 1 entry").click()
    judge.press("评分 | Give points")
    _give(judge, JUDGED, "数据完整，推广到夜班")

    officer.go(f"/improve/contests/{contest}")
    officer.sees("87.0")
    officer.go(f"/cases/{contest}")
    officer.step("公布结果 | Decide", sign=True, decision="一等奖")
    officer.stands_at("已公布 | Decided")
