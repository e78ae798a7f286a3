"""CUSUM limits against an independent Markov chain, VLAD, and awkward input."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc


def markov_run_length(risk: np.ndarray, odds_ratio: float, limit: float, states: int = 400) -> float:
    """Average run length of the in-control CUSUM by Brook and Evans' Markov chain (Biometrika 1972)."""
    width = limit / states
    middle = (np.arange(states) + 0.5) * width
    moves = np.zeros((states, states))
    for event, probability in ((1.0, risk), (0.0, 1 - risk)):
        score = spc.log_likelihood_scores(np.full(risk.size, event), risk, odds_ratio)
        for step, weight in zip(score, probability / risk.size, strict=True):
            target = np.floor(np.maximum(middle + step, 0) / width).astype(int)
            stays = target < states
            np.add.at(moves, (np.flatnonzero(stays), target[stays]), weight)
    return float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0])


def test_simulated_limit_gives_the_wanted_run_length() -> None:
    risk = np.random.default_rng(1).beta(1, 8, 60)
    limit = spc.risk_adjusted_limit(risk, odds_ratio=2.0, run_length=1_000, rng=np.random.default_rng(2), paths=2_000)
    assert markov_run_length(risk, 2.0, limit) == pytest.approx(1_000, rel=0.1)


def test_simulated_limit_repeats_with_its_seed() -> None:
    first, second = (
        spc.risk_adjusted_limit([0.1, 0.2], odds_ratio=0.5, run_length=200, rng=np.random.default_rng(7), paths=200)
        for _ in range(2)
    )
    assert first == second


def test_tabular_cusum_has_its_published_run_length() -> None:
    """Montgomery section 9.1: with h = 5 and k = 1/2 the in-control average run length is 465."""
    values = np.random.default_rng(3).standard_normal((1_500, 2_500))
    codes = spc.cusum(spc.limits("i", values, centre=0, sigma=1)).codes != 0
    first = np.where(codes.any(axis=1), codes.argmax(axis=1) + 1, codes.shape[1])
    assert first.sum() / codes.any(axis=1).sum() == pytest.approx(465, rel=0.08)


def test_cusum_restarts_with_each_phase_and_passes_over_gaps() -> None:
    chart = spc.limits("i", [2, np.nan, 2, 2, 2], centre=0, sigma=1, phases=[0, 0, 0, 1, 1])
    sums = spc.cusum(chart, decision=2.5)
    assert sums.high.tolist() == [1.5, 1.5, 3.0, 1.5, 3.0]
    assert sums.codes.tolist() == [0, 0, 1, 0, 1]
    assert spc.cusum(chart, decision=1, restart=True).high.tolist() == [1.5, 0.0, 1.5, 1.5, 1.5]


def test_vlad_signals_with_the_cusums_and_shows_how_far_they_are() -> None:
    rng = np.random.default_rng(4)
    risk = rng.beta(1, 9, 3_000)
    outcome = rng.random(3_000) < np.where(np.arange(3_000) < 1_500, risk, np.minimum(3 * risk, 1))
    worse = spc.risk_adjusted_cusum(outcome, risk, odds_ratio=2, limit=4.5)
    better = spc.risk_adjusted_cusum(outcome, risk, odds_ratio=0.5, limit=4.0)
    display = spc.vlad(outcome, risk, worse=worse, better=better)
    assert display.path[-1] == pytest.approx((risk - outcome).sum())
    np.testing.assert_array_equal(display.codes < 0, worse.signal)
    np.testing.assert_array_equal(display.path <= display.lower, worse.signal)
    assert (display.upper >= display.path).all()
    assert worse.signal[1_500:].any()


def test_constant_risk_is_the_bernoulli_cusum() -> None:
    result = spc.risk_adjusted_cusum([[1, 0, 1]], 0.2, odds_ratio=2, limit=9)
    steps = np.log([2 / 1.2, 1 / 1.2, 2 / 1.2])
    np.testing.assert_allclose(result.path[0], np.cumsum(steps))


def test_unknown_outcomes_are_passed_over() -> None:
    result = spc.risk_adjusted_cusum([1, np.nan, 1], [0.1, 0.1, 0.1], odds_ratio=2, limit=9)
    assert result.path[1] == result.path[0]


def test_impossible_input_is_refused() -> None:
    for outcome, risk, odds in [([2], [0.1], 2.0), ([1], [1.1], 2.0), ([1], [0.1], 1.0), ([1], [0.1], -1.0)]:
        with pytest.raises(ValueError, match="/"):
            spc.log_likelihood_scores(outcome, risk, odds)
    worse = spc.risk_adjusted_cusum([1], [0.1], odds_ratio=2, limit=3)
    with pytest.raises(ValueError, match="odds ratio"):
        spc.vlad([1], [0.1], worse=worse, better=worse)
