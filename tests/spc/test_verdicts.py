"""Variation and assurance, including points that are good and bad at once."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc import Assurance, Direction, Variation
from xunzhi.spc.patterns import Outside, Trend, Within


def test_a_point_below_its_limit_in_a_rising_trend_is_both() -> None:
    chart = spc.limits("i", [0.2, -6.0, -5.0, -4.0, -3.5, -2.0, -1.0], centre=0, sigma=1)
    marks = spc.signals(chart, [Outside(), Trend(6)])
    verdict = spc.variation(marks, Direction.HIGHER)
    assert verdict.tolist() == [
        Variation.COMMON_CAUSE,
        *[Variation.BOTH] * 4,
        Variation.IMPROVEMENT,
        Variation.IMPROVEMENT,
    ]
    by_first = spc.variation(marks, Direction.HIGHER, conflict="first")
    assert by_first[1] == Variation.CONCERN
    assert spc.variation(marks, Direction.LOWER)[5] == Variation.CONCERN


def test_the_turning_point_of_two_trends_is_both() -> None:
    chart = spc.limits("i", [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1.4, 0.4, -0.4, -1.4, -2.4], centre=0, sigma=1)
    verdict = spc.variation(spc.signals(chart, [Trend(6)]), Direction.HIGHER)
    assert verdict.tolist() == [Variation.IMPROVEMENT] * 5 + [Variation.BOTH] + [Variation.CONCERN] * 5


def test_without_a_good_side_special_causes_are_neutral() -> None:
    marks = spc.signals(spc.limits("i", [0, 4, 0, -4], centre=0, sigma=1), [Outside()])
    assert spc.variation(marks, Direction.NONE).tolist() == [0, Variation.NEUTRAL, 0, Variation.NEUTRAL]


def test_a_pattern_without_side_is_neutral_until_another_rule_gives_it_one() -> None:
    chart = spc.limits("i", [0.1] * 15 + [4.0], centre=0, sigma=1)
    verdict = spc.variation(spc.signals(chart, [Within(15), Outside()]), Direction.LOWER)
    assert verdict.tolist() == [Variation.NEUTRAL] * 15 + [Variation.CONCERN]


def test_each_series_has_its_own_direction_and_target() -> None:
    chart = spc.limits("i", [[0, 4], [0, 4], [0, 4]], centre=0, sigma=1)
    directions = np.array([Direction.HIGHER, Direction.LOWER, Direction.NONE])
    verdict = spc.variation(spc.signals(chart, [Outside()]), directions)
    assert verdict[:, 1].tolist() == [Variation.IMPROVEMENT, Variation.CONCERN, Variation.NEUTRAL]
    assert spc.assurance(chart, [-5.0, np.nan, 1.0], directions).tolist() == [
        Assurance.CONSISTENTLY_PASSES,
        Assurance.NOT_APPLICABLE,
        Assurance.NOT_APPLICABLE,
    ]


@pytest.mark.parametrize(
    ("direction", "target", "verdict"),
    [
        (Direction.HIGHER, 4, Assurance.CONSISTENTLY_FAILS),
        (Direction.HIGHER, 3, Assurance.INCONSISTENT),
        (Direction.HIGHER, 0, Assurance.INCONSISTENT),
        (Direction.HIGHER, -3, Assurance.INCONSISTENT),
        (Direction.HIGHER, -4, Assurance.CONSISTENTLY_PASSES),
        (Direction.LOWER, 4, Assurance.CONSISTENTLY_PASSES),
        (Direction.LOWER, -4, Assurance.CONSISTENTLY_FAILS),
    ],
)
def test_assurance(direction: Direction, target: float, verdict: Assurance) -> None:
    chart = spc.limits("i", [0.0, 1.0, np.nan], centre=0, sigma=1)
    assert spc.assurance(chart, target, direction) == verdict


def test_assurance_looks_at_the_latest_phase() -> None:
    chart = spc.limits("i", [1, 2, 1, 2, 91, 92, 91, 92, np.nan], phases=[0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert spc.assurance(chart, 50, Direction.HIGHER) == Assurance.CONSISTENTLY_PASSES
    assert spc.assurance(spc.limits("run", [1.0, 2.0]), 50, Direction.HIGHER) == Assurance.NOT_APPLICABLE


def test_latest_values() -> None:
    chart = spc.limits("i", [[1, 2, np.nan], [np.nan] * 3])
    np.testing.assert_array_equal(spc.latest(chart, chart.value), [2, np.nan])


def test_no_rules_no_verdict() -> None:
    with pytest.raises(ValueError, match="no rules"):
        spc.variation({}, Direction.HIGHER)
