"""Charts on awkward input, and properties that hold for any input."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from xunzhi import spc
from xunzhi.spc.conventions import STANDARD

LINES = ("value", "centre", "lower", "upper")
ALL_RULES = tuple(dict.fromkeys(rule for rules in spc.RULE_SETS.values() for rule in rules))
WITH_SIZE = {"p", "pp", "u", "up", "np", "xbar", "s"}

counts = arrays.arrays(np.int64, 24, elements=st.integers(0, 40))
sizes = arrays.arrays(np.int64, 24, elements=st.integers(40, 400))
measures = arrays.arrays(np.float64, 24, elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 3)))
seeds = st.integers(0, 2**32 - 1)
unhurried = settings(deadline=None, max_examples=60)  # a busy machine is no failure


def draw(chart: str, rng: np.random.Generator, shape: tuple[int, ...], **options: object) -> spc.Limits:
    """A chart of the kind on random numbers."""
    sizes = rng.integers(20, 200, shape).astype(float)
    match chart:
        case "p" | "pp" | "np":
            values = rng.binomial(sizes.astype(int), 0.3).astype(float)
        case "u" | "up" | "c" | "g":
            values = rng.poisson(4, shape).astype(float)
        case "t":
            values = rng.exponential(20, shape)
        case _:
            values = np.abs(rng.normal(50, 5, shape))
    values[rng.random(shape) < 0.1] = np.nan
    spread = rng.gamma(5, 1, shape) if chart == "xbar" else None
    return spc.limits(chart, values, sizes if chart in WITH_SIZE else None, spread=spread, **options)  # type: ignore[arg-type]


def row(limits: spc.Limits, index: int) -> spc.Limits:
    names = ("value", "centre", "lower", "upper", "sigma", "z", "phase", "points_used")
    return replace(limits, n=None, **{name: getattr(limits, name)[index] for name in names})


@pytest.mark.parametrize("chart", spc.CHARTS)
def test_many_series_at_once_equal_one_by_one(chart: str) -> None:
    shape = (7, 31)
    phases = np.sort(np.random.default_rng(1).integers(0, 3, shape), axis=1)
    together = draw(chart, np.random.default_rng(2), shape, phases=phases)
    values = np.where(np.isnan(together.value), np.nan, together.value)
    for index in range(shape[0]):
        single = row(together, index)
        for rule, codes in spc.signals(together, ALL_RULES).items():
            np.testing.assert_array_equal(codes[index], spc.signals(single, [rule])[rule], err_msg=rule.code)
        runs = spc.runs_analysis(together)
        alone = spc.runs_analysis(single)
        np.testing.assert_array_equal(runs.longest_run[index], alone.longest_run)
        np.testing.assert_array_equal(runs.crossings[index], alone.crossings)
        if chart in {"i", "run", "c", "g", "t"}:
            one = spc.limits(chart, values[index], phases=phases[index])
            for line in LINES:
                np.testing.assert_allclose(getattr(one, line), getattr(together, line)[index], rtol=1e-12)


@pytest.mark.parametrize("chart", sorted(set(spc.CHARTS) - {"xbar", "mr", "ewma"}))  # these need their raw input
def test_phases_are_charts_of_their_own(chart: str) -> None:
    phases = np.repeat([0, 1], [14, 16])
    whole = draw(chart, np.random.default_rng(3), (4, 30), phases=phases)
    values, size = whole.value, whole.n
    if chart in {"p", "pp", "u", "up"} and size is not None:
        values = values * size
    for part in (slice(0, 14), slice(14, 30)):
        alone = spc.limits(chart, values[:, part], None if size is None else size[:, part])
        for line in LINES:
            np.testing.assert_allclose(getattr(alone, line), getattr(whole, line)[:, part], rtol=1e-9, atol=1e-12)


def test_moving_ranges_and_averages_start_afresh_in_each_phase() -> None:
    phases = [0, 0, 0, 1, 1, 1]
    chart = spc.limits("mr", [1, 2, 4, 10, 11, 13], phases=phases)
    np.testing.assert_array_equal(chart.value, [np.nan, 1, 2, np.nan, 1, 2])
    averages = spc.limits("ewma", [1, 2, 6, 11, 12, 16], phases=phases, weight=0.5)
    np.testing.assert_array_equal(averages.value, [2, 2, 4, 12, 12, 14])


@unhurried
@given(counts, sizes, seeds)
def test_p_limits_do_not_depend_on_the_order_of_points(cases: np.ndarray, size: np.ndarray, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(cases.size)
    chart, shuffled = spc.limits("p", cases, size), spc.limits("p", cases[order], size[order])
    for line in LINES:
        np.testing.assert_allclose(getattr(chart, line)[order], getattr(shuffled, line), rtol=1e-12)


@unhurried
@given(measures, st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_individuals_follow_a_change_of_unit_and_zero(values: np.ndarray, scale: float, offset: float) -> None:
    chart, other = spc.limits("i", values), spc.limits("i", values * scale + offset)
    for line in LINES:
        tolerance = 1e-9 * (1 + abs(offset) + scale * 1e3)
        np.testing.assert_allclose(getattr(chart, line) * scale + offset, getattr(other, line), atol=tolerance)


@unhurried
@given(measures)
def test_turning_a_chart_upside_down_turns_its_signals(values: np.ndarray) -> None:
    values = values + np.linspace(0, 1e-3, values.size) * np.pi  # no ties
    upright, turned = (spc.signals(spc.limits("i", sign * values), spc.RULE_SETS["nelson"]) for sign in (1, -1))
    for rule, codes in upright.items():
        flipped = np.where(np.abs(codes) == 1, -codes, codes)
        np.testing.assert_array_equal(flipped, turned[rule], err_msg=rule.code)


@unhurried
@given(counts, sizes, seeds)
def test_a_frozen_baseline_does_not_move(cases: np.ndarray, size: np.ndarray, seed: int) -> None:
    baseline = np.arange(cases.size) < 12
    later = np.where(baseline, cases, np.random.default_rng(seed).integers(0, 40, cases.size))
    for chart in ("p", "pp", "u", "up"):
        first, second = (spc.limits(chart, events, size, baseline=baseline) for events in (cases, later))
        for line in ("centre", "lower", "upper"):
            np.testing.assert_array_equal(getattr(first, line), getattr(second, line))


@unhurried
@given(measures, seeds)
def test_missing_points_change_no_signal_of_the_others(values: np.ndarray, seed: int) -> None:
    gaps = np.sort(np.random.default_rng(seed).integers(0, values.size + 1, 6))
    gappy = np.insert(values, gaps, np.nan)
    known = {"centre": 0.0, "sigma": 300.0}
    whole, holed = spc.limits("i", values, **known), spc.limits("i", gappy, **known)
    for rule, codes in spc.signals(holed, ALL_RULES).items():
        assert not codes[np.isnan(gappy)].any()
        np.testing.assert_array_equal(codes[~np.isnan(gappy)], spc.signals(whole, [rule])[rule], err_msg=rule.code)


@pytest.mark.parametrize("chart", spc.CHARTS)
@pytest.mark.parametrize("value", [0.0, 7.0, np.nan], ids=["zeros", "all equal", "all missing"])
def test_series_without_variation_raise_no_alarm(chart: str, value: float) -> None:
    size = np.full(30, 50.0) if chart in WITH_SIZE else None
    spread = np.zeros(30) if chart == "xbar" else None
    limits = spc.limits(chart, np.full(30, value), size, spread=spread)
    marks = spc.signals(limits, [rule for rule in ALL_RULES if not rule.code.startswith("within")])
    assert not any(codes.any() for codes in marks.values())
    if value == 0 or np.isnan(value):
        assert not any(codes.any() for codes in spc.signals(limits, spc.RULE_SETS["nelson"]).values())


def test_all_cases_affected() -> None:
    chart = spc.limits("p", [50] * 20, [50] * 20)
    assert chart.centre[0] == chart.lower[0] == chart.upper[0] == 1
    assert not chart.outside.any()


def test_equal_shares_of_unequal_groups_are_not_a_run() -> None:
    size = np.array([30, 70, 110, 10, 90, 130] * 4)
    chart = spc.limits("p", size // 10, size)
    assert not chart.side.any()
    assert not any(codes.any() for codes in spc.signals(spc.limits("pp", size // 10, size), ALL_RULES).values())


def test_a_denominator_of_zero_is_a_missing_point() -> None:
    chart = spc.limits("u", [3, 0, 2], [100, 0, 100])
    assert np.isnan(chart.value[1])
    assert np.isnan(chart.upper[1])
    assert chart.points_used.tolist() == [2, 2, 2]
    np.testing.assert_allclose(chart.centre, 0.025)


def test_two_events_on_one_day() -> None:
    chart = spc.limits("t", [12, 0, 30, 7, 0, 22, 15, 9])
    assert np.isfinite(chart.upper).all()
    assert (chart.lower == 0).all()
    assert not chart.outside.any()


def test_fewer_than_twelve_points_are_provisional() -> None:
    assert spc.limits("i", np.arange(11.0)).provisional.all()
    assert not spc.limits("i", np.arange(12.0)).provisional.any()
    single = spc.limits("i", [5.0])
    assert single.centre[0] == 5
    assert np.isnan(single.upper[0])


def test_an_empty_series() -> None:
    for chart in spc.CHARTS:
        limits = draw(chart, np.random.default_rng(1), (3, 0))
        assert limits.upper.shape == (3, 0)


def test_a_phase_without_baseline_has_no_limits() -> None:
    chart = spc.limits("i", np.arange(6.0), phases=[0, 0, 0, 1, 1, 1], baseline=np.arange(6) < 3)
    assert np.isfinite(chart.centre[:3]).all()
    assert np.isnan(chart.centre[3:]).all()
    assert chart.points_used.tolist() == [3, 3, 3, 0, 0, 0]


def test_known_standards() -> None:
    chart = spc.limits("p", [[3], [4]], [[50], [50]], centre=[0.1, 0.2])
    assert chart.centre[:, 0].tolist() == [0.1, 0.2]
    assert spc.limits("np", [3], [50], centre=0.1).centre[0] == pytest.approx(5)
    assert spc.limits("xbar", [10.0], [4], centre=9, sigma=2).upper[0] == pytest.approx(12)
    assert spc.limits("s", [2.0], [5], sigma=2).upper[0] == pytest.approx(2 * 1.964, abs=1e-3)


def test_other_units() -> None:
    chart = spc.limits("u", [3, 5, 2], [1000, 1100, 900]).scaled(1000)
    assert chart.value[0] == pytest.approx(3)
    assert spc.signals(chart)


def test_inputs_are_left_alone() -> None:
    values = np.arange(20.0)
    chart = spc.limits("i", values)
    values[:] = 0
    assert chart.value[5] == 5


@pytest.mark.parametrize(
    ("chart", "values", "size", "message"),
    [
        ("q", [1], None, "unknown chart 'q'"),
        ("p", [1], None, "needs a denominator"),
        ("i", [1], [2], "takes no denominator"),
        ("p", [[1, 3]], [[2, 2]], r"numerator exceeds its denominator at index \(0, 1\): 3"),
        ("u", [-1], [2], "negative value"),
        ("c", [-1], None, "negative value"),
        ("u", [1], [-2], "negative denominator"),
        ("t", [-1], None, "negative value"),
    ],
)
def test_impossible_input_is_refused(chart: str, values: list[float], size: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spc.limits(chart, values, size)


def test_other_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="True/False"):
        spc.limits("i", [1.0, 2.0], baseline=[0, 1])
    with pytest.raises(ValueError, match="spread="):
        spc.limits("xbar", [1.0], [3])
    with pytest.raises(ValueError, match="weight"):
        spc.limits("ewma", [1.0], weight=0)


def test_same_numbers_in_a_fresh_process() -> None:
    """No global state may change a number: not what was imported, nor what was calculated before."""
    code = (
        "from xunzhi import spc; import numpy as np;"
        "x = np.random.default_rng(5).normal(size=40); print(spc.limits('i', x).upper[0].hex())"
    )
    fresh = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    spc.limits("i", [1.0, 9.0, 4.0], convention=replace(STANDARD, sigma_per_moving_range=1.0), sigmas=2)
    values = np.random.default_rng(5).normal(size=40)
    assert float(spc.limits("i", values).upper[0]).hex() == fresh
