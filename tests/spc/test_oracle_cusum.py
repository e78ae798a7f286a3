"""R package cusum 0.4.1, and the scores printed by Steiner et al. and by Rigdon and Fricker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from xunzhi import spc

pytestmark = pytest.mark.oracle


def check_path(result: spc.RiskAdjustedCusum, wanted: Any) -> None:
    signal = wanted.numbers("signal") == 1
    np.testing.assert_array_equal(result.signal, signal)
    # the package shows 0 at a signal, we keep the value that caused it
    np.testing.assert_allclose(np.where(signal, 0, result.path), wanted.numbers("ct"), rtol=1e-9, atol=1e-12)


def test_risk_adjusted_cusum_equals_the_package(table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    data = table("data/racusum_example_data.csv")
    year = data.text("year") == "2017"
    summary = expected("cusum.json")["racusum_pkg_2017_l2.96_reset"]
    result = spc.risk_adjusted_cusum(data.flags("y")[year], data.numbers("score")[year], odds_ratio=2, limit=2.96)
    check_path(result, table("expected/cusum_pkg_racusum_2017.csv"))
    assert (np.flatnonzero(result.signal) + 1).tolist() == summary["signal_at"]


def test_bernoulli_cusum_equals_the_package(table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    data = table("data/cusum_example_data.csv")
    year = data.text("year") == "2017"
    summary = expected("cusum.json")["cusum_pkg_2017_l3_reset"]
    result = spc.risk_adjusted_cusum(data.flags("y")[year], summary["failure_probability"], odds_ratio=2, limit=3)
    check_path(result, table("expected/cusum_pkg_cusum_2017.csv"))
    assert (np.flatnonzero(result.signal) + 1).tolist() == summary["signal_at"]


def test_worked_example_of_the_package(expected: Callable[[str], Any]) -> None:
    case = expected("cusum.json")["cusum_pkg_test"]
    result = spc.risk_adjusted_cusum(
        case["outcomes"], case["patient_risks"], odds_ratio=case["odds_multiplier"], limit=case["limit"]
    )
    np.testing.assert_allclose(result.path, case["ct_computed"], rtol=1e-9)


@pytest.mark.parametrize(
    ("coefficients", "odds_ratio", "parsonnet", "scores", "tolerance"),
    [
        ((-3.68, 0.077), 2, (0, 0, 50, 50), (-0.024, 0.67, -0.43, 0.26), 0.005),
        ((-3.68, 0.077), 2, (0, 0, 50, 50), (-0.024, 0.669, -0.433, 0.26), 0.001),
        ((-3.68, 0.077), 0.5, (0, 0, 50, 50), (0.012, -0.681, 0.316, -0.377), 0.001),
        ((-3.67, 0.077), 2, (19, 19, 0, 0), (-0.0954, 0.5986, -0.0245, 0.6686), 0.003),
    ],
    ids=["Steiner 2000 p. 446", "Steiner 2014 p. 234", "Steiner 2014 p. 234 halved", "Rigdon and Fricker p. 225"],
)
def test_published_scores(
    coefficients: tuple[float, float],
    odds_ratio: float,
    parsonnet: tuple[int, ...],
    scores: tuple[float, ...],
    tolerance: float,
) -> None:
    risk = expit(coefficients[0] + coefficients[1] * np.array(parsonnet))
    found = spc.log_likelihood_scores([0, 1, 0, 1], risk, odds_ratio)
    np.testing.assert_allclose(found, scores, atol=tolerance)
