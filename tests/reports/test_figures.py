"""Charts as specifications: valid, and true to the block they draw."""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xunzhi.reports import drawing
from xunzhi.reports.figures import Named, control_chart
from xunzhi.reports.icons import LOOK, icon, sparkline
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Figure, Figures, Spark, Verdict
from xunzhi.reports.quantities import shown

SAY = Messages("zh")


def chart(source, indicator: str) -> Figure:
    block, row = source.chart(indicator)
    return control_chart(block, row, Named(f"c-{indicator}", indicator, "", 2), SAY)


def values(figure: Figure) -> list[dict[str, object]]:
    return figure.spec["data"]["values"]


def test_specifications_are_valid_vega_lite(hospital, source):
    figures = [figure for block in hospital.blocks() if isinstance(block, Figures) for figure in block.items]
    assert any(figure.id.startswith("f-") for figure in figures)
    for figure in (*figures, chart(source, "never_events"), chart(source, "long_stay")):
        alt.LayerChart.from_dict(json.loads(json.dumps(figure.spec)))


def test_points_lines_and_verdicts_are_those_of_the_block(source):
    block, row = source.chart("mortality")
    drawn = values(chart(source, "mortality"))
    for line in ("value", "centre", "lower", "upper"):
        assert [point[line] for point in drawn] == pytest.approx(getattr(block.limits, line)[row][-36:].tolist())
    assert drawn[-1]["verdict"] == "concern"
    assert drawn[-1]["month"] == "2026-05"


def test_a_month_not_complete_is_a_hollow_point(source_of):
    drawn = values(chart(source_of("2026-06"), "mortality"))
    assert [point["provisional"] for point in drawn[-2:]] == [False, True]


def test_a_change_of_definition_is_marked(source):
    spec = json.dumps(chart(source, "long_stay").spec, ensure_ascii=False)
    assert SAY("chart.redefined") in spec
    assert "2025-01-01" in spec


def test_the_target_is_drawn_and_named(source):
    assert SAY("chart.target", value="8") in json.dumps(chart(source, "mortality").spec, ensure_ascii=False)


def test_rare_events_are_drawn_by_the_cases_between_them(source):
    figure = chart(source, "never_events")
    block, row = source.chart("never_events")
    assert block.chart == "g"
    known = block.limits.value[row][~np.isnan(block.limits.value[row])]
    assert [point["value"] for point in values(figure)] == known.tolist()


def test_a_picture_is_the_same_whatever_was_drawn_before(source):
    first = drawing.svg_of(chart(source, "mortality"))
    drawing._svg.cache_clear()
    drawing.svg_of(chart(source, "long_stay"))
    assert drawing.svg_of(chart(source, "mortality")) == first


def test_ids_in_pictures_are_their_own(source):
    one, two = (drawing.svg_of(chart(source, name)) for name in ("mortality", "long_stay"))
    assert not set(drawing.IDS.findall(one)) & set(drawing.IDS.findall(two))


def test_icons_differ_by_shape_not_only_by_colour():
    shapes = {(outline, filled, sign) for outline, filled, sign in LOOK.values()}
    assert len(shapes) == len(LOOK)
    up, down = (icon(Verdict("concern", side, "")) for side in (1, -1))
    assert up != down
    assert "<text" not in up


numbers = st.none() | st.floats(-1e12, 1e12)


@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_sparklines_stay_within_their_frame(levels, target):
    svg = sparkline(Spark(tuple(levels), target, "common_cause", provisional=False))
    drawing_of = svg.split("<circle")[-1] if "<circle" in svg else ""
    if drawing_of:
        assert -0.01 <= float(drawing_of.split('cy="')[1].split('"')[0]) <= 22.01
    assert "nan" not in svg
    assert "inf" not in svg


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_printed_numbers_read_back(value, places):
    assert float(shown(value, places).replace(",", "")) == pytest.approx(value, abs=0.51 * 10**-places)
    assert not shown(-0.0001, 2).startswith("-")
