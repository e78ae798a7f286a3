"""Who decides what is measured and against what: a definition is revised, a target set, a baseline signed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Walk, named
from tests.e2e.visitor import Visitor
from tests.web.test_serve import Running

SCREENS = pytest.mark.parametrize(("language", "screen"), [("zh", "desktop"), ("en", "phone")])
REVISED = {"desktop": "unplanned_readmit_31d", "phone": "preop_los_elective"}
MOVED = {"desktop": "重症医学科", "phone": "普通外科"}


@SCREENS
def test_a_definition_is_proposed_tried_reviewed_approved_and_in_force(walk: Walk, language: str, screen: str) -> None:
    indicator, note = REVISED[screen], f"口径说明 {screen}"
    author = walk("medical", language, screen)
    author.go(f"/indicators/{indicator}")
    author.press("提出变更 | Propose a change")
    definition = author.page.locator("[data-field=definition] textarea").input_value()
    assert "numerator:" in definition
    author.fill(
        subject=f"修订 {screen}", definition=f"{definition}note: {{zh: {note}, en: {note}}}", reason="国家口径更新"
    )
    author.press("提交登记 | File it")
    change = author.case()
    author.faults.expected.add(422)  # what can't be done yet
    author.step("提交审核 | Hand in")
    author.sees("请先用去年数据试算 | Try this proposal on last year's data first")
    author.go(f"/cases/{change}")
    author.press("试算 | Try it")
    author.sees("个科室月份会变化 | department months would differ", within="#trial")
    author.step("提交审核 | Hand in")
    author.stands_at("审核中 | Under review")

    _decides(walk("quality", language, screen), change, "审核通过 | Endorse", "待委员会批准 | To be approved")
    _decides(
        walk("committee", language, screen), change, "批准并发布 | Approve and publish", "已发布 | Published", sign=True
    )
    reader = walk("president", language, screen)
    reader.go(f"/indicators/{indicator}")
    reader.page.locator("main").get_by_text(note).first.wait_for(state="attached")


def _decides(person: Visitor, change: int, step: str, state: str, sign: bool = False) -> None:
    """Someone finds a change among what waits for him, and takes a step with it."""
    person.go("/")
    person.page.locator(f"main a[href='/cases/{change}']").first.click()
    person.sees("个科室月份会变化 | department months would differ", within="#trial")
    person.step(step, sign=sign)
    person.stands_at(state)


@SCREENS
def test_a_target_is_set_with_its_reason_and_drawn(walk: Walk, language: str, screen: str) -> None:
    value, reason = {"desktop": ("6.25", "年度目标"), "phone": ("6.75", "季度目标")}[screen]
    officer = walk("quality", language, screen)
    officer.go("/indicators/alos")
    officer.press("设定目标值 | Set a target")
    officer.page.fill("#value", value)
    officer.page.fill("#reason", reason)
    officer.press("设定 | Set")
    officer.sees("目标值已设定 | The target is set")
    officer.press("查看指标 | Open the indicator")
    officer.sees(reason)
    drawn = officer.page.locator("figure.chart + script").first
    assert value in (drawn.text_content() or "")


@SCREENS
def test_a_proposed_baseline_is_signed_with_its_reason(walk: Walk, language: str, screen: str) -> None:
    place = MOVED[screen]
    officer = walk("quality", language, screen)
    officer.go("/")
    officer.menu("指标定义与目标 | Definitions and targets")
    officer.press("基线 | Baselines")
    with officer.page.expect_navigation():
        officer.page.select_option("[name=place]", label=place)
    row = officer.page.locator(".list-group-item").filter(has_text=officer.words("手卫生 | Hand-hygiene"))
    expect(row).to_contain_text(officer.words("比之前好 | Better than before"))
    row.get_by_text(officer.words("签署… | Sign…")).click()
    row.locator("[name=reason]").fill(f"{place}床旁加装手消")
    row.get_by_role("button", name=officer.words("签署 | Sign"), exact=True).click()
    officer.sees("基线已签署 | The baseline is signed")
    officer.sees(f"{place}床旁加装手消")
    expect(row).to_have_count(0)
    officer.look()


@SCREENS
def test_a_responsibility_letter_goes_to_two_departments_and_is_signed_by_both_sides(
    walk: Walk, site: Running, language: str, screen: str
) -> None:
    title = f"责任书 {screen}"
    vice, head = walk("vice", language, screen), walk("head", language, screen)
    vice.go("/cases/responsibility_letter/new")
    vice.fill(
        subject=title, level="department", department="心血管内科", signatory=named(site, "head"),
        begins="2026-12-01", ends="2027-11-30", duties="质量安全第一责任人", also_for="普通外科",
        goals=[{"goal": "手卫生依从率", "target": "85%", "points": "20"}],
    )  # fmt: skip
    vice.press("提交登记 | File it")
    letter = vice.case()
    vice.step("签发 | Issue", sign=True)
    vice.stands_at("待签订 | To be signed")

    surgeon = walk("surgeon", language, screen)
    surgeon.go("/")
    surgeon.sees(title)
    head.go("/")
    head.page.locator(f"main a[href='/cases/{letter}']").first.click()
    head.step("签订 | Sign", sign=True)
    head.stands_at("履责中 | In force")
    head.step("提交自评 | Report", self_review="核心制度均已落实")
    head.stands_at("待考核 | To be assessed")
    vice.go(f"/cases/{letter}")
    vice.step("考核结束 | Assess", sign=True, score="95", outcome="fulfilled", remarks="同意")
    vice.stands_at("已考核 | Assessed")
