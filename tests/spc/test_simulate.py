"""Simulated false alarms against published run lengths."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc.patterns import Outside, Rule, Shift
from xunzhi.spc.simulate import binomial, normal, poisson


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("rules", "average"),
    [
        ("limits_only", 370.4),  # 1 / (2 Φ(-3)), Montgomery section 5.3
        ("western_electric", 91.75),  # Champ and Woodall, Technometrics 29, 1987, p. 393
    ],
)
def test_published_run_lengths(rules: str, average: float) -> None:
    found = spc.run_length(spc.RULE_SETS[rules], 1_500, np.random.default_rng(1), null=normal(known=True), series=2_500)
    assert found.average == pytest.approx(average, rel=0.06)


def test_eight_on_one_side_of_a_known_centre() -> None:
    """The mean wait for a run of k heads or tails of a fair coin is 2^k - 1."""
    found = spc.run_length([Shift(8)], 1_500, np.random.default_rng(2), null=normal(known=True), series=2_000)
    assert found.average == pytest.approx(2**8 - 1, rel=0.06)


def test_the_same_seed_gives_the_same_result() -> None:
    first, second = (spc.run_length(spc.RULE_SETS["nelson"], 24, np.random.default_rng(3), series=500) for _ in "ab")
    np.testing.assert_array_equal(first.first, second.first)


def test_more_rules_cry_wolf_more_often_and_longer_series_too() -> None:
    rates = {
        name: spc.run_length(rules, 24, np.random.default_rng(4), series=2_000) for name, rules in spc.RULE_SETS.items()
    }
    assert rates["limits_only"].alarm_probability < rates["western_electric"].alarm_probability
    assert rates["western_electric"].alarm_probability < rates["nelson"].alarm_probability
    assert rates["nelson"].within(12) < rates["nelson"].within(24) == rates["nelson"].alarm_probability
    assert rates["anhoej"].alarm_probability < 0.08


@pytest.mark.parametrize(
    "null",
    [
        normal(baseline=20),
        binomial(0.1, 200, known=True),
        binomial(0.1, 5_000, chart="pp"),
        poisson(9.0, known=True),
        poisson(9.0, exposure=1_000, chart="u", baseline=20),
    ],
    ids=["I frozen", "p known", "p′", "c known", "u frozen"],
)
def test_three_standard_errors_are_rarely_exceeded(null: spc.Null) -> None:
    found = spc.run_length([Outside()], 24, np.random.default_rng(5), null=null, series=2_000)
    assert 0.001 < found.point_probability < 0.02


def test_no_alarm_at_all() -> None:
    found = spc.run_length([Shift(30)], 24, np.random.default_rng(6), series=50)
    assert found.average == np.inf
    assert found.alarm_probability == 0


def found(rules: tuple[Rule, ...], shift: float, sigmas: float = 3.0) -> float:
    """Share of series whose shift in month 25 is noticed within a year, with limits from the first 24 months."""
    baseline = np.arange(36) < 24
    values = np.random.default_rng(7).standard_normal((10_000, 36)) + shift * ~baseline
    chart = spc.limits("i", values, baseline=baseline, sigmas=sigmas)
    raised = np.any([codes[:, 24:] != 0 for codes in spc.alarms(chart, rules).values()], axis=(0, 2))
    return float(raised.mean())


def test_default_rules_find_more_than_limits_alone_at_equal_false_alarms() -> None:
    tight = 2.75
    assert found(spc.DEFAULT_RULES, 0.0) <= found((Outside(),), 0.0, tight)
    for shift, lead in [(0.75, 0.1), (1.0, 0.15), (1.5, 0.1), (2.0, 0.03)]:
        assert found(spc.DEFAULT_RULES, shift) > found((Outside(),), shift, tight) + lead
