"""The tools of improvement, against examples worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xunzhi.web.improve.tools import OUTCOMES
from xunzhi.web.improve.tools.goal import target


def test_pareto_names_the_vital_few() -> None:
    causes = [
        {"cause": "宣教不到位", "count": "45"}, {"cause": "评估遗漏", "count": "30"}, {"cause": "环境", "count": "10"},
        {"cause": "陪护缺位", "count": "10"}, {"cause": "其他", "count": "5"},
    ]  # fmt: skip
    found = OUTCOMES["pareto"]({"causes": causes})
    # 45 and 30 make 75 of 100, not yet 80; the third passes it: 85
    assert found.carries == {"focus": 85.0, "vital": ["宣教不到位", "评估遗漏", "环境"]}
    assert [row[3] for row in found.rows] == ["45.0%", "75.0%", "85.0%", "95.0%", "100.0%"]


def test_pareto_adds_up_a_cause_that_stands_twice() -> None:
    found = OUTCOMES["pareto"](
        {"causes": [{"cause": "a", "count": 1}, {"cause": "b", "count": 2}, {"cause": "a", "count": 4}]}
    )
    assert [row[:2] for row in found.rows] == [("a", "5"), ("b", "2")]


def test_the_goal_of_a_rate_to_be_lowered() -> None:
    # 现况 10%, 改善重点 80%, 圈能力 70%: 10 − 10 × 0.8 × 0.7 = 4.4
    assert target(10, 80, 70, higher=False) == pytest.approx(4.4)


def test_the_goal_of_a_rate_to_be_raised() -> None:
    # 60 + (100 − 60) × 0.8 × 0.7 = 82.4
    assert OUTCOMES["goal"]({"current": 60, "focus": 80, "capability": 70, "direction": "higher"}).carries[
        "target"
    ] == (pytest.approx(82.4))


def test_topics_are_ranked_by_points_and_only_the_best_is_chosen() -> None:
    options = [
        {"option": "降低跌倒发生率", "importance": 5, "urgency": 5, "ability": 3},
        {"option": "提高手卫生依从率", "importance": 5, "urgency": 3, "ability": 3},
    ]
    found = OUTCOMES["topic_choice"]({"options": options, "best_only": True})
    assert found.carries["chosen"] == ["降低跌倒发生率"]
    assert [row[2] for row in found.rows] == ["13", "11"]


def test_measures_need_80_per_cent_of_the_points() -> None:
    options = [{"option": "a", "x": 5, "y": 5, "z": 2}, {"option": "b", "x": 5, "y": 3, "z": 3}]  # 12 and 11 of 15
    assert OUTCOMES["measures_choice"]({"options": options}).carries["chosen"] == ["a"]


def test_a_check_sheet_feeds_the_pareto_chart() -> None:
    seen = [
        {"date": "2026-03-01", "item": "床栏未拉", "count": "3"},
        {"date": "2026-03-02", "item": "床栏未拉", "count": "2"},
        {"date": "2026-03-02", "item": "地面湿滑", "count": "1"},
    ]
    sheet = OUTCOMES["check_sheet"]({"observations": seen, "checked": "60"})
    assert "10.0%" in sheet.sentences[1]  # 6 of 60
    assert OUTCOMES["pareto"](sheet.carries).rows[0][:2] == ("床栏未拉", "5")


def test_attainment_and_progress_as_handbooks_compute_them() -> None:
    found = OUTCOMES["benefit_tangible"]({"before": 10, "target": 4.4, "after": 4})
    assert found.carries["attained"] == pytest.approx(107.142857)
    assert "60.0%" in found.sentences[1]  # (10 − 4) / 10


def test_economy_is_gain_less_cost() -> None:
    lines = [{"what": "减少住院日", "gain": "120,000", "cost": ""}, {"what": "床旁标识", "gain": "", "cost": "8000"}]
    found = OUTCOMES["benefit_economic"]({"lines": lines})
    assert found.carries == {"gain": 120_000, "cost": 8_000}
    assert "112,000.00" in found.sentences[0]


def test_whys_share_their_beginnings_and_end_in_roots() -> None:
    chains = [{"why1": "未评估", "why2": "不知道要评估"}, {"why1": "未评估", "why2": "没有时间", "why3": "夜班一人"}]
    found = OUTCOMES["whys"]({"problem": "跌倒", "chains": chains})
    assert found.carries["roots"] == ["不知道要评估", "夜班一人"]
    assert found.svg.count("未评估") == 1


def test_a_late_activity_is_named() -> None:
    activities = [{"what": "现况调查", "start": "2020-01-01", "end": "2020-01-31", "begun": "2020-01-02"}]
    assert OUTCOMES["plan"]({"activities": activities}).carries["late"] == ["现况调查"]


HOSTILE = '<script>alert(1)</script>"&'


def test_drawings_escape_what_people_type() -> None:
    fish = OUTCOMES["fishbone"](
        {"problem": HOSTILE, "causes": [{"category": HOSTILE, "cause": HOSTILE, "detail": HOSTILE, "root": True}]}
    )
    tree = OUTCOMES["whys"]({"problem": HOSTILE, "chains": [{"why1": HOSTILE}]})
    for drawing in (fish.svg, tree.svg):
        assert drawing
        assert "<script" not in drawing


CELLS = ("cause", "count", "option", "x", "why1", "item", "date", "what", "start", "end", "gain", "before", "after")
TABLES = ("causes", "observations", "options", "chains", "activities", "lines", "items")
NUMBERS = ("current", "focus", "capability", "before", "after", "target", "most", "share", "ideal", "checked")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
rows = st.lists(scalars | st.dictionaries(st.sampled_from(CELLS), scalars, max_size=4), max_size=4)
forms = st.builds(
    lambda tables, numbers: tables | numbers,
    st.dictionaries(st.sampled_from(TABLES), scalars | rows, max_size=3),
    st.dictionaries(st.sampled_from(NUMBERS), scalars, max_size=6),
)


@pytest.mark.parametrize("tool", OUTCOMES)
@given(values=forms)
def test_a_half_filled_form_is_never_an_error(tool: str, values: dict[str, Any]) -> None:
    OUTCOMES[tool](values)
