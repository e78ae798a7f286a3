"""Python package pyqicharts 2.0.0 on its public data; and where its runs analysis is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from xunzhi import spc
from xunzhi.spc.conventions import STANDARD
from xunzhi.spc.patterns import Outside, Shift, Trend, Zone

pytestmark = pytest.mark.oracle

PYQICHARTS = replace(STANDARD, sigma_per_moving_range=1 / 1.128, screen_moving_ranges=False)
ROUNDED = 6e-7
RULES = {
    "above UCL": (Outside(), 1),
    "below LCL": (Outside(), -1),
    "shift": (Shift(6), 0),
    "trend": (Trend(6), 0),
    "two sigma": (Zone(2, 3, 2.0, one_side=True), 0),
}
SERIES = {
    "wlmds_waiting_list_72_weeks": "percent_over_18_weeks",
    "ons_live_births_england_wales_1938_2025": "live_births",
    "ons_deaths_registered_england_wales_1838_2024": "deaths",
}


def check_lines(chart: spc.Limits, wanted: Any) -> None:
    np.testing.assert_allclose(chart.value, wanted.numbers("plot_value"), rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(chart.centre, wanted.numbers("centre"), rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(chart.lower, wanted.numbers("lcl"), rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(chart.upper, wanted.numbers("ucl"), rtol=0, atol=ROUNDED)


@pytest.mark.parametrize("name", SERIES)
def test_individuals(name: str, table: Callable[[str], Any]) -> None:
    wanted = table(f"pyqicharts_external/expected_outputs/{name}_expected.csv")
    values = table(f"pyqicharts_external/curated/{name}.csv").numbers(SERIES[name])
    chart = spc.limits("i", values, convention=PYQICHARTS)
    check_lines(chart, wanted)
    marks = spc.signals(chart, {rule for rule, _ in RULES.values()})
    for label, (rule, code) in RULES.items():
        theirs = np.array([label in cause.split("; ") for cause in wanted.text("signal_rule")])
        ours = marks[rule] == code if code else marks[rule] != 0
        np.testing.assert_array_equal(ours, theirs, err_msg=label)


def test_rates_of_falls(table: Callable[[str], Any]) -> None:
    name = "naif_inpatient_falls_trust_rates_2022"
    wanted = table(f"pyqicharts_external/expected_outputs/{name}_expected.csv")
    data = table(f"pyqicharts_external/curated/{name}.csv")
    chart = spc.limits("u", data.numbers("estimated_inpatient_falls"), data.numbers("occupied_bed_days"))
    check_lines(chart, wanted)
    np.testing.assert_array_equal(chart.outside != 0, wanted.text("signal") == "True")


@pytest.mark.parametrize("useful", range(10, 101))
def test_fewest_crossings_are_the_quantile_itself_not_one_off(useful: int) -> None:
    """The trap: a quantile counted from the wrong end is one off; compare with the definition by exact arithmetic."""
    fewest = int(spc.crossings_min(useful))
    assert fewest == binom.ppf(0.05, useful - 1, 0.5)
    assert binom.cdf(fewest - 1, useful - 1, 0.5) < 0.05 <= binom.cdf(fewest, useful - 1, 0.5)
