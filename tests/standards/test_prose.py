"""Conditions in words: what is read is what is computed."""

from __future__ import annotations

import pytest

from xunzhi.standards import Pack, load_pack
from xunzhi.standards.indicators import ALL, Aggregate
from xunzhi.standards.prose import in_words


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("cn_hospital")


@pytest.mark.parametrize(
    ("grain", "expression", "zh", "en"),
    [
        ("discharge", "NOT died", "非“死亡”", "not “Died”"),
        (
            "discharge",
            "substr(principal_icd10, 1, 3) = 'I21'",
            "“主要诊断编码”以 I21 开头",
            "“Principal diagnosis code” begins with I21",
        ),
        (
            "discharge",
            "operation_level IN ('3', '4')",
            "“最高手术级别”为“三级”、“四级”之一",
            "“Highest level of operation” is one of “Level 3”, “Level 4”",
        ),
        (
            "discharge",
            "readmitted_after_days BETWEEN 0 AND 0",
            "“31天内再住院间隔天数”为0",
            "“Days to readmission within 31 days” is 0",
        ),
        ("specimen", "NOT coalesce(rejected, FALSE)", "非“拒收”", "not “Rejected”"),
        (
            "operation",
            "performed AND coalesce(urgency, '') <> 'emergency' AND minutes_late <= 15",
            "“已实施手术”，且“手术急缓”不为“急诊”，且“开台延迟（分钟）” ≤ 15",
            "“Performed” and “Urgency” is not “Emergency” and “Minutes late” ≤ 15",
        ),
        (
            "infection",
            "origin = 'hospital' AND (missed OR reported_time IS NULL)",
            "“感染来源”为“医院感染”，且（“漏报”或“上报时间”无记录）",
            "“Origin of infection” is “Hospital” and (“Missed” or “Reported” not recorded)",
        ),
        (
            "pathology_report",
            "report_minutes <= CASE WHEN earlier_case_open THEN 45 ELSE 30 END",
            "“接收到报告分钟数” ≤ （“前一例冰冻未完成”时为 45；其余为 30）",
            "“Minutes from receipt to report” ≤ (45 where “Earlier frozen section unfinished”; otherwise 30)",
        ),
        ("ward_day", "nurse_hours + occupied_beds IS NOT NULL", None, None),
    ],
)
def test_a_condition_reads_as_a_quality_officer_would_say_it(
    pack: Pack, grain: str, expression: str, zh: str | None, en: str | None
) -> None:
    if zh is not None:
        assert in_words(pack, grain, expression, "zh") == zh
        assert in_words(pack, grain, expression, "en") == en
    else:
        assert in_words(pack, grain, expression, "zh").endswith("）有记录")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_condition_of_the_pack_has_words(pack: Pack, language: str) -> None:
    parts = [
        part
        for indicator in pack.indicators.values()
        for revision in indicator.revisions
        for part in (revision.numerator, revision.denominator)
        if isinstance(part, Aggregate)
    ]
    found = {(part.grain, text) for part in parts for text in (part.expression, part.where) if text}
    texts = {(grain, text) for grain, text in found if text != ALL and not text.isdigit()}
    assert len(texts) > 500
    assert [text for grain, text in texts if in_words(pack, grain, text, language) == text] == []


def test_what_has_no_words_stays_as_it_is_computed(pack: Pack) -> None:
    for expression in ("date_part('hour', discharge_time) = 3", "substr(principal_icd10, 2, 3) = '21'"):
        assert in_words(pack, "discharge", expression, "zh") == expression
