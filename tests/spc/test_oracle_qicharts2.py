"""Every reference chart of R package qicharts2 0.8.1: lines, runs and signals of each point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc.conventions import QICHARTS2
from xunzhi.spc.patterns import Outside

pytestmark = pytest.mark.oracle

CHARTS = {
    "hai_u": "u",
    "hai_u_infection": "u",
    "hai_u_hosp_infection": "u",
    "hai_up_infection": "up",
    "hai_c": "c",
    "gtt_u": "u",
    "gtt_p": "p",
    "gtt_c": "c",
    "nhs_p": "p",
    "nhs_pp": "pp",
    "nhs_run": "run",
    "montgomery_ex6.3_xbar": "xbar",
    "montgomery_ex6.3_s": "s",
    "montgomery_ex6.4_xbar": "xbar",
    "montgomery_ex6.4_s": "s",
    "montgomery_ex6.5_i_freeze20": "i",
    "montgomery_ex6.5_mr_freeze20": "mr",
    "montgomery_ex7.1_p": "p",
    "montgomery_tbl7.4_p": "p",
    "montgomery_ex7.3_c": "c",
    "montgomery_ex7.4_u": "u",
    "montgomery_ex7.5_u": "u",
    "montgomery_ex7.6_t": "t",
}
MULTIPLY = {
    "hai_u_infection": 10_000,
    "hai_u_hosp_infection": 10_000,
    "hai_up_infection": 10_000,
    "gtt_u": 1_000,
    "montgomery_ex7.5_u": 50,
}
OBSERVATIONS = {"ex6.3": ("tbl_06.03", "sample"), "ex6.4": ("tbl_06.04", "sample")}


def observations(table: Callable[[str], Any], identity: str) -> np.ndarray:
    """Subgroups of a Montgomery example as (points, n), NaN where a subgroup has fewer."""
    name, group = OBSERVATIONS[identity.split("_")[1]]
    data = table(f"data/{name}.csv")
    groups, values = data.numbers(group), data.numbers("obs")
    members = [values[groups == number] for number in np.unique(groups)]
    width = max(len(member) for member in members)
    return np.array([np.pad(member, (0, width - len(member)), constant_values=np.nan) for member in members])


def test_every_reference_chart_is_tested(expected: Callable[[str], Any]) -> None:
    assert {case["id"] for case in expected("qicharts2_manifest.json")} == set(CHARTS)


@pytest.mark.parametrize("identity", CHARTS)
def test_chart_equals_qicharts2(identity: str, table: Callable[[str], Any]) -> None:
    chart = CHARTS[identity]
    wanted = table(f"expected/qicharts2_{identity}.csv")
    series = np.unique(np.char.add(wanted.text("facet1"), wanted.text("facet2"))).size

    def rows(name: str) -> np.ndarray:
        return wanted.numbers(name).reshape(series, -1)

    included = wanted.flags("include").reshape(series, -1)
    options: dict[str, Any] = {
        "phases": rows("part"),
        "baseline": included & wanted.flags("baseline").reshape(series, -1),
        "convention": QICHARTS2,
    }
    if chart in {"xbar", "s"}:
        groups = spc.subgroups(observations(table, identity)[None])
        plotted = groups.mean if chart == "xbar" else groups.spread
        result = spc.limits(chart, plotted, groups.n, spread=groups.spread, **options)
    elif chart in {"p", "pp", "u", "up"}:
        result = spc.limits(chart, rows("y.sum"), rows("n"), **options)
    elif chart == "run":
        result = spc.limits(chart, rows("y.sum") / rows("n"), **options)
    else:
        result = spc.limits(chart, rows("y.sum"), **options)
    result = result.scaled(MULTIPLY.get(identity, 1))

    np.testing.assert_allclose(result.value, rows("y"), rtol=1e-9)
    np.testing.assert_allclose(result.centre, rows("cl"), rtol=1e-9)
    np.testing.assert_allclose(result.lower, rows("lcl"), rtol=1e-9)
    np.testing.assert_allclose(result.upper, rows("ucl"), rtol=1e-9)

    outside = spc.signals(result, [Outside()], ignore=~included)[Outside()]
    np.testing.assert_array_equal(outside != 0, wanted.flags("sigma.signal").reshape(series, -1))
    runs = spc.runs_analysis(result, ignore=~included)
    for name, found in {
        "n.useful": runs.useful,
        "longest.run": runs.longest_run,
        "longest.run.max": runs.longest_run_max,
        "n.crossings": runs.crossings,
        "n.crossings.min": runs.crossings_min,
    }.items():
        np.testing.assert_array_equal(found[included], rows(name)[included], err_msg=name)
    signal = wanted.flags("runs.signal").reshape(series, -1)
    np.testing.assert_array_equal(runs.signal[included], signal[included])


def test_overdispersed_accidents(table: Callable[[str], Any]) -> None:
    """Mohammed et al., BMJ Quality and Safety 2013: 16 of 20 points outside, none with Laney's limits."""
    data = table("data/nhs_accidents.csv")
    plain, laney = (
        spc.limits(chart, data.numbers("r"), data.numbers("n"), convention=QICHARTS2) for chart in ("p", "pp")
    )
    assert np.count_nonzero(plain.outside) == 16
    assert np.count_nonzero(laney.outside) == 0
    np.testing.assert_allclose(laney.sigma / plain.sigma, 10.640422, rtol=1e-7)


def test_critical_values_equal_the_published_table(table: Callable[[str], Any]) -> None:
    wanted = table("expected/anhoej_critical_values.csv")
    useful = wanted.numbers("n.useful").astype(int)
    np.testing.assert_array_equal(spc.longest_run_max(useful), wanted.numbers("longest.run.max"))
    np.testing.assert_array_equal(spc.crossings_min(useful), wanted.numbers("n.crossings.min"))
