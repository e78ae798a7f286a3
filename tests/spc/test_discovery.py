"""p-values of the latest points and false-discovery control."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, norm, poisson

from xunzhi import spc

BASE = np.arange(25) < 24


def test_exact_p_values_by_chart() -> None:
    cases = np.array([10] * 24 + [22])
    p = spc.p_values(spc.limits("p", cases, [100] * 25, baseline=BASE))
    assert float(p) == pytest.approx(2 * binomtest(22, 100, 0.1, alternative="greater").pvalue)
    assert float(spc.p_values(spc.limits("np", cases, [100] * 25, baseline=BASE))) == pytest.approx(float(p))
    u = spc.p_values(spc.limits("u", [5] * 24 + [0], [1_000] * 25, baseline=BASE))
    assert float(u) == pytest.approx(2 * poisson.cdf(0, 5))
    assert float(spc.p_values(spc.limits("c", [5] * 24 + [0], baseline=BASE))) == pytest.approx(2 * poisson.cdf(0, 5))
    i = spc.limits("i", [*([0.0, 1.0] * 12), 4.5], baseline=BASE)
    assert float(spc.p_values(i)) == pytest.approx(2 * norm.sf(i.z[-1]))


def test_a_quick_event_after_long_waits() -> None:
    chart = spc.limits("g", [90, 110, 100, 100] * 6 + [0], baseline=BASE)
    assert float(spc.p_values(chart)) == pytest.approx(2 / 101)


def test_a_window_adds_up_its_counts() -> None:
    base = np.arange(27) < 24
    chart = spc.limits("p", [10] * 24 + [16, 15, 17], [100] * 27, baseline=base)
    assert float(spc.p_values(chart, window=3)) == pytest.approx(
        2 * binomtest(48, 300, 0.1, alternative="greater").pvalue
    )
    individuals = spc.limits("i", [1.0, 1.5, 2.0], centre=0, sigma=1)
    assert float(spc.p_values(individuals, window=3)) == pytest.approx(2 * norm.sf(4.5 / np.sqrt(3)))


def test_p_values_are_uniform_in_control() -> None:
    rng = np.random.default_rng(1)
    p = spc.p_values(spc.limits("i", rng.standard_normal((20_000, 5)), centre=0, sigma=1), window=2)
    for level in (0.01, 0.1, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.01)
    exact = spc.p_values(spc.limits("p", rng.binomial(80, 0.1, (20_000, 5)), 80, centre=0.1))
    for level in (0.01, 0.1, 0.5):
        assert (exact <= level).mean() <= level


def test_missing_latest_points_give_way_to_the_ones_before() -> None:
    chart = spc.limits("i", [[1.0, 2.5, np.nan], [np.nan] * 3], centre=0, sigma=1)
    np.testing.assert_allclose(spc.p_values(chart), [2 * norm.sf(2.5), np.nan])
    assert np.isnan(spc.p_values(chart, window=3)).all()
    assert np.isnan(spc.p_values(chart, window=4)).all()


def test_a_window_does_not_reach_into_the_phase_before() -> None:
    chart = spc.limits("i", [1.0, 2.0, 3.0], centre=0, sigma=1, phases=[0, 0, 1])
    assert np.isnan(spc.p_values(chart, window=2))


@pytest.mark.oracle
def test_worked_example_of_benjamini_and_hochberg_1995_page_295() -> None:
    small = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p = [*small, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert spc.discoveries(p, rate=0.05).sum() == 4


@pytest.mark.oracle
@pytest.mark.parametrize("method", ["bh", "by"])
def test_adjusted_p_values_equal_those_of_scipy(method: Literal["bh", "by"]) -> None:
    p = np.round(np.random.default_rng(9).random(300) ** 3, 3)  # with ties
    np.testing.assert_allclose(spc.adjust(p, method=method), false_discovery_control(p, method=method))


def test_charts_without_a_test_do_not_count() -> None:
    p = np.array([[0.001, np.nan], [0.04, 0.5]])
    adjusted = spc.adjust(p)
    assert np.isnan(adjusted[0, 1])
    np.testing.assert_allclose(adjusted[~np.isnan(p)], spc.adjust([0.001, 0.04, 0.5]))
    assert np.isnan(spc.adjust([np.nan])).all()


def test_false_discoveries_stay_below_the_rate() -> None:
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(200):
        z = rng.standard_normal(300)
        z[:30] += 4
        found = spc.discoveries(2 * norm.sf(np.abs(z)), rate=0.1)
        shares.append(found[30:].sum() / max(found.sum(), 1))
    assert np.mean(shares) < 0.1


def test_rules_without_p_value_use_their_simulated_false_alarm_probability() -> None:
    assert spc.alarm_p_values([True, False], 0.19).tolist() == [0.19, 1.0]
    assert spc.expected_false_alarms(0.0027, 1_000) == pytest.approx(2.7)
    assert spc.expected_false_alarms([0.1, 0.2]) == pytest.approx(0.3)
