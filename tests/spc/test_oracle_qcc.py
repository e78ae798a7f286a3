"""R package qcc 2.7: all charts of its manual, with the textbook's conventions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc import constants
from xunzhi.spc.conventions import TEXTBOOK
from xunzhi.spc.patterns import Outside, Shift

pytestmark = pytest.mark.oracle

QCC_RUN = 7
PRINTED = 3  # qcc takes d2 as printed in the tables, with three decimals


@pytest.fixture
def rings(table: Callable[[str], Any]) -> np.ndarray:
    """Inside diameters of 40 samples of 5 piston rings; the first 25 are the trial samples."""
    data = table("data/qcc_pistonrings.csv")
    return data.numbers("diameter").reshape(40, 5)


def band(wanted: dict[str, Any], side: str, points: int) -> np.ndarray:
    return np.broadcast_to([limit[side] for limit in wanted["limits"]], points)


def check(chart: spc.Limits, wanted: dict[str, Any]) -> None:
    points = chart.value.size
    np.testing.assert_allclose(chart.value, [*wanted["statistics"], *wanted["newstats"]], rtol=1e-9)
    np.testing.assert_allclose(chart.centre, wanted["center"], rtol=1e-9)
    np.testing.assert_allclose(chart.lower, band(wanted, "LCL", points), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(chart.upper, band(wanted, "UCL", points), rtol=1e-9)
    alarms = spc.alarms(chart, [Outside(), Shift(QCC_RUN)])
    beyond = (np.flatnonzero(alarms[Outside()]) + 1).tolist()
    assert beyond == sorted(np.atleast_1d(wanted["beyond_limits"]).astype(int).tolist())
    runs = (np.flatnonzero(alarms[Shift(QCC_RUN)]) + 1).tolist()
    assert runs == np.atleast_1d(wanted["violating_runs"]).astype(int).tolist()


def mean_range_sigma(groups: np.ndarray) -> float:
    """qcc's default σ of subgroups, R̄/d2."""
    return float(np.ptp(groups, axis=1).mean() / round(constants.d2(groups.shape[1]), PRINTED))


@pytest.mark.parametrize(("name", "points"), [("pistonrings_xbar_phase1_25", 25), ("pistonrings_xbar_new", 40)])
def test_means_of_piston_rings(name: str, points: int, rings: np.ndarray, expected: Callable[[str], Any]) -> None:
    wanted = expected("qcc.json")[name]
    sigma = mean_range_sigma(rings[:25])
    assert sigma == pytest.approx(wanted["std.dev"], rel=1e-9)
    groups = spc.subgroups(rings[:points])
    check(spc.limits("xbar", groups.mean, groups.n, sigma=sigma, baseline=np.arange(points) < 25), wanted)


def test_deviations_of_piston_rings(rings: np.ndarray, expected: Callable[[str], Any]) -> None:
    wanted = expected("qcc.json")["pistonrings_S"]
    groups = spc.subgroups(rings)
    check(spc.limits("s", groups.spread, groups.n, baseline=np.arange(40) < 25, convention=TEXTBOOK), wanted)


def test_range_limits_of_piston_rings_follow_from_the_constants(
    rings: np.ndarray, expected: Callable[[str], Any]
) -> None:
    wanted = expected("qcc.json")["pistonrings_R"]
    mean_range = np.ptp(rings[:25], axis=1).mean()
    assert mean_range == pytest.approx(wanted["center"], rel=1e-9)
    assert mean_range * constants.D3(5) == wanted["limits"][0]["LCL"] == 0
    # qcc has d2 = 2.326 and d3 = 0.8640855 typed in; the integrals give 2.3259289 and 0.8640819 (Harter 1960)
    assert mean_range * (1 + 3 * 0.8640855 / 2.326) == pytest.approx(wanted["limits"][0]["UCL"], rel=1e-9)
    assert mean_range * constants.D4(5) == pytest.approx(wanted["limits"][0]["UCL"], rel=2e-5)


@pytest.mark.parametrize(("name", "chart"), [("orangejuice_p_trial", "p"), ("orangejuice_np", "np")])
def test_orange_juice_cans(name: str, chart: str, table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    data = table("data/qcc_orangejuice.csv")
    trial = data.flags("trial")
    check(spc.limits(chart, data.numbers("D")[trial], data.numbers("size")[trial]), expected("qcc.json")[name])


def test_orange_juice_cans_after_removing_known_causes(
    table: Callable[[str], Any], expected: Callable[[str], Any]
) -> None:
    data = table("data/qcc_orangejuice.csv")
    keep = np.setdiff1d(np.arange(54), [14, 22])
    baseline = data.flags("trial")[keep]
    wanted = expected("qcc.json")["orangejuice_p_revised"]
    check(spc.limits("p", data.numbers("D")[keep], data.numbers("size")[keep], baseline=baseline), wanted)


@pytest.mark.parametrize("name", ["pcmanufact", "dyedcloth"])
def test_rates(name: str, table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    data = table(f"data/qcc_{name}.csv")
    check(spc.limits("u", data.numbers("x"), data.numbers("size")), expected("qcc.json")[f"{name}_u"])


def test_counts_of_circuit_boards(table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    data = table("data/qcc_circuit.csv")
    check(spc.limits("c", data.numbers("x")[data.flags("trial")]), expected("qcc.json")["circuit_c"])


def test_boiler_temperatures(table: Callable[[str], Any], expected: Callable[[str], Any]) -> None:
    wanted = expected("qcc.json")["boiler_t1_xbar.one"]
    printed = replace(TEXTBOOK, sigma_per_moving_range=1 / round(constants.d2(2), PRINTED))
    check(spc.limits("i", table("data/qcc_boiler.csv").numbers("t1"), convention=printed), wanted)


def test_cusum_of_piston_rings(rings: np.ndarray, expected: Callable[[str], Any]) -> None:
    wanted = expected("qcc.json")["pistonrings_cusum_h5_k0.5"]
    groups = spc.subgroups(rings)
    chart = spc.limits("xbar", groups.mean, groups.n, centre=wanted["center"], sigma=mean_range_sigma(rings[:25]))
    sums = spc.cusum(chart, reference=0.5, decision=5)
    np.testing.assert_allclose(sums.high, wanted["pos"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.low, wanted["neg"], rtol=1e-9, atol=1e-9)
    assert (np.flatnonzero(sums.codes > 0) + 1).tolist() == wanted["violations"]["upper"]
    assert (np.flatnonzero(sums.codes < 0) + 1).tolist() == wanted["violations"]["lower"]


def test_ewma_of_piston_rings(rings: np.ndarray, expected: Callable[[str], Any]) -> None:
    wanted = expected("qcc.json")["pistonrings_ewma_l0.2"]
    sigma = mean_range_sigma(rings[:25]) / np.sqrt(5)
    chart = spc.limits("ewma", rings.mean(axis=1), centre=wanted["center"], sigma=sigma, weight=0.2)
    np.testing.assert_allclose(chart.value, wanted["y"], rtol=1e-12)
    np.testing.assert_allclose(chart.sigma, wanted["sigma"], rtol=1e-9)
    np.testing.assert_allclose(chart.lower, band(wanted, "LCL", 40), rtol=1e-12)
    np.testing.assert_allclose(chart.upper, band(wanted, "UCL", 40), rtol=1e-12)
    assert (np.flatnonzero(chart.outside) + 1).tolist() == wanted["violations"]
