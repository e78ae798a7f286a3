"""The loop of a quality office: a signal, a notice to two departments, cause and measures, re-check, proof, closing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import Walk, begin_the_work_before
from tests.e2e.hospital import BETTER, PATIENT
from tests.e2e.visitor import Visitor
from tests.web.test_serve import Running

DUE = (date.today() + timedelta(days=20)).isoformat()
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000000030101"
    "00c9fe92ef0000000049454e44ae426082"
)
"""A picture of one pixel, in PNG."""


@pytest.mark.parametrize(
    ("language", "screen", "signal", "department", "head", "proving", "prover"),
    [
        ("zh", "desktop", "住院死亡率 | Inpatient mortality", "心血管内科", "head", "2800", "icu"),
        ("en", "phone", "平均住院日 | Average length of stay", "普通外科", "surgeon", "0401", "surgeon"),
    ],
    ids=["zh-desktop", "en-phone"],
)
def test_a_signal_becomes_a_notice_that_is_answered_rechecked_proved_and_closed(
    walk: Walk, site: Running, tmp_path: Path, language: str, screen: str,
    signal: str, department: str, head: str, proving: str, prover: str,
) -> None:  # fmt: skip
    picture = tmp_path / "evidence.png"
    picture.write_bytes(PICTURE)

    officer = walk("quality", language, screen)
    officer.go("/")
    officer.sees("新信号 | new signal")
    officer.menu("质量总览 | Quality overview")
    officer.sees(signal)
    officer.menu("信号 | Signals")
    officer.sees(signal).click()
    officer.page.select_option("#department", label=department)
    officer.press("质量问题整改 | Finding")
    first = officer.case()
    officer.stands_at("草拟 | Draft")
    officer.press("填写 | Fill in")
    officer.fill(problem="死亡病例增多，需逐例讨论", severity="more_serious", deadline=DUE)
    officer.press("保存 | Save")
    officer.step("下发通知 | Issue")
    officer.stands_at("待签收 | Issued")

    officer.go("/cases/finding/new")
    officer.fill(
        subject="手卫生依从率低", problem="抽查 40 个时机，16 个未执行", severity="general", source="indicator",
        found_time=f"{date.today()}T09:00", indicator="手卫生" if language == "zh" else "Hand-hygiene", expected=85,
        department=proving, collaborators="0304", requirement="查找原因，落实措施", deadline=DUE,
    )  # fmt: skip
    officer.press("提交登记 | File it")
    second = officer.case()
    officer.step("下发通知 | Issue")
    officer.stands_at("待签收 | Issued")
    begin_the_work_before(BETTER, site, second)

    owner = walk(head, language, screen)
    owner.go("/")
    owner.sees("签收整改通知 | Acknowledge the notice")
    _answer(owner, first, picture)
    _answer(walk(prover, language, screen), second, picture)

    officer.go(f"/cases/{first}")
    officer.step(
        "退回再整改 | Return", comment="请补充夜间抢救的落实情况", recheck_way="on_site",
        recheck_finding="夜间无人复核", deadline=DUE,
    )  # fmt: skip
    officer.stands_at("制定方案 | Planning")
    officer.sees("第 2 轮 | round 2")
    owner.go(f"/cases/{first}")
    owner.step("提交复查 | Ask for the re-check", sign=True)
    owner.stands_at("待复查 | To be re-checked")

    officer.go(f"/cases/{first}")
    officer.faults.expected.add(422)  # what can't be done yet
    officer.step("复查有效，关闭 | Close as effective", sign=True, recheck_way="record", recheck_finding="已落实")
    officer.sees("请先填写措施从哪个月起到位 | Say first from which month the measures are in place", "[role=alert]")
    officer.go(f"/cases/{first}")
    officer.stands_at("待复查 | To be re-checked")

    officer.proves(second, BETTER)
    officer.go(f"/cases/{second}")
    officer.step(
        "复查有效，关闭 | Close as effective", sign=True, recheck_way="indicator", recheck_finding="依从率持续达标"
    )
    officer.stands_at("有效关闭 | Closed as effective")

    _president_sees_it(walk("president", language, screen), signal, second)


def _answer(head: Visitor, case: int, picture: Path) -> None:
    """The head of a department acknowledges, then answers with cause, measures and evidence."""
    head.go(f"/cases/{case}")
    head.step("签收 | Acknowledge")
    head.stands_at("制定方案 | Planning")
    head.press("填写 | Fill in")
    head.fill(done_files=picture)
    head.press("保存 | Save")
    head.stands_at("制定方案 | Planning")
    head.step(
        "提交复查 | Ask for the re-check", sign=True, cause="流程未设时限，无人复核",
        measures=[
            {"what": "系统强制复核", "owner": "S0", "by": DUE, "strength": "strong", "done": True},
            {"what": "科内培训", "owner": "S0", "by": DUE, "strength": "weak"},
        ],
        done_evidence="近两周 26 例均已复核",
    )  # fmt: skip
    head.stands_at("待复查 | To be re-checked")
    head.sees("系统强制复核")
    head.sees("evidence.png")


def _president_sees_it(president: Visitor, signal: str, closed: int) -> None:
    president.go("/overview")
    president.sees(signal)
    president.go("/wall")
    president.sees(signal, within="body")
    president.go(f"/cases/{closed}")
    president.stands_at("有效关闭 | Closed as effective")
    assert PATIENT not in president.page.content()
