"""Funnel plots of rates and ratios, and properties of all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from xunzhi import spc


def units(rng: np.random.Generator, spread: float) -> tuple[np.ndarray, np.ndarray]:
    days = rng.uniform(2_000, 40_000, (300, 80))
    return rng.poisson(0.004 * days * np.exp(rng.normal(0, spread, days.shape))), days


def test_chance_alone_needs_no_adjustment_and_keeps_its_promise() -> None:
    plot = spc.funnel(*units(np.random.default_rng(1), 0.0), kind="rate", overdispersion=False)
    assert (plot.outliers(0.95) != 0).mean() == pytest.approx(0.05, abs=0.01)
    assert (plot.outliers() != 0).mean() == pytest.approx(0.002, abs=0.001)
    assert spc.funnel(*units(np.random.default_rng(1), 0.0), kind="rate").phi.mean() == pytest.approx(0.68, abs=0.03)


def test_overdispersion_is_found_and_allowed_for() -> None:
    events, days = units(np.random.default_rng(2), 0.3)
    plain = spc.funnel(events, days, "rate", overdispersion=False)
    adjusted = spc.funnel(events, days, "rate")
    assert (plain.outliers() != 0).mean() > 0.2
    assert (adjusted.outliers() != 0).mean() < 0.02
    assert (adjusted.tau2 > 0).all()
    assert (np.abs(adjusted.adjusted_z) < np.abs(adjusted.z)).all()
    assert (adjusted.p_value < 0.05).mean() < 0.15


def test_exact_limits_are_the_confidence_interval_of_a_count_as_expected() -> None:
    count = np.array([1, 3, 12, 150])
    low, high = spc.poisson_limits(count, 0.95)
    np.testing.assert_allclose(poisson.sf(count - 1, low), 0.025)
    np.testing.assert_allclose(poisson.cdf(count, high), 0.025)


def test_a_standardised_ratio_has_target_one() -> None:
    plot = spc.funnel([12, 33, 5], [10.0, 20.0, 6.0], "ratio", overdispersion=False)
    assert plot.target == 1
    low, high = plot.bounds(0.95)
    counts_low, counts_high = spc.poisson_limits([10.0, 20.0, 6.0], 0.95)
    np.testing.assert_allclose(low * [10, 20, 6], counts_low)
    np.testing.assert_allclose(high * [10, 20, 6], counts_high)
    assert plot.outliers(0.95).tolist() == [0, 1, 0]


def test_rows_with_gaps_equal_rows_without() -> None:
    rng = np.random.default_rng(3)
    size = rng.integers(50, 500, 20).astype(float)
    cases = rng.binomial(size.astype(int), 0.2).astype(float)
    alone = spc.funnel(cases, size)
    gappy = spc.funnel([[*cases, np.nan, 0.0]], [[*size, 40.0, 0.0]])
    np.testing.assert_allclose(gappy.phi[0], alone.phi)
    np.testing.assert_allclose(gappy.bounds()[1][0, :20], alone.bounds()[1])
    assert gappy.outliers()[0, 20:].tolist() == [0, 0]


def test_a_row_without_units_and_one_with_a_single_unit() -> None:
    plot = spc.funnel([[np.nan, np.nan], [3.0, np.nan]], [[1.0, 1.0], [10.0, 1.0]])
    assert np.isnan(plot.target[0, 0])
    assert plot.target[1, 0] == pytest.approx(0.3)
    assert not plot.outliers().any()


def test_a_known_target() -> None:
    plot = spc.funnel([[10], [10]], [[100], [100]], target=[0.1, 0.3], overdispersion=False)
    assert plot.outliers()[:, 0].tolist() == [0, -1]


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"numerator exceeds its denominator at \(1,\)"):
        spc.funnel([1, 5], [3, 4])
    with pytest.raises(ValueError, match="negative"):
        spc.funnel([-1], [3], "rate")
