"""Every reference of R package NHSRplotthedots 0.2.2: limits, special causes, icons and rule vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc import conventions, patterns, rules, tracks
from xunzhi.spc.verdicts import Assurance, Direction, Variation

pytestmark = pytest.mark.oracle

FILES = {"4orgs_perf_target95": Direction.HIGHER, "4orgs_breaches_target": Direction.LOWER}
ICONS = {
    "common_cause": Variation.COMMON_CAUSE,
    "special_cause_improvement": Variation.IMPROVEMENT,
    "special_cause_concern": Variation.CONCERN,
    "consistent_pass": Assurance.CONSISTENTLY_PASSES,
    "consistent_fail": Assurance.CONSISTENTLY_FAILS,
    "inconsistent": Assurance.INCONSISTENT,
}
CAUSES = {
    "Above UCL": (0, 1),
    "Below LCL": (0, -1),
    "2 in 3 Above CL": (1, 1),
    "2 in 3 Below CL": (1, -1),
    "7 Point Trend (Increasing)": (2, 1),
    "7 Point Trend (Decreasing)": (2, -1),
    "7 Points Above CL": (3, 1),
    "7 Points Below CL": (3, -1),
}
SHARED = Path(__file__).parents[3] / "shared" / "data" / "spc_reference" / "expected" / "nhsr_rule_vectors.json"
VECTORS = json.loads(SHARED.read_text(encoding="utf-8"))["cases"] if SHARED.exists() else []


@pytest.mark.parametrize("name", FILES)
def test_chart_and_icons_equal_nhsrplotthedots(
    name: str, table: Callable[[str], Any], expected: Callable[[str], Any]
) -> None:
    wanted = table(f"expected/ptd_{name}.csv")
    summary = expected("ptd_manifest.json")[name]["summary"]
    direction = FILES[name]

    def rows(column: str) -> np.ndarray:
        return wanted.numbers(column).reshape(len(summary), -1)

    chart = spc.limits("i", rows("y"), convention=conventions.MAKING_DATA_COUNT)
    np.testing.assert_allclose(chart.centre, rows("mean_col"), rtol=1e-9)
    np.testing.assert_allclose(chart.lower, rows("lpl"), rtol=1e-9)
    np.testing.assert_allclose(chart.upper, rows("upl"), rtol=1e-9)
    np.testing.assert_array_equal(chart.outside.ravel() != 0, wanted.flags("outside_limits"))
    np.testing.assert_array_equal(chart.side, rows("relative_to_mean"))

    marks = spc.signals(chart, rules.MAKING_DATA_COUNT)
    np.testing.assert_array_equal(
        np.any([codes != 0 for codes in marks.values()], axis=0).ravel(), wanted.flags("special_cause_flag")
    )
    found = [codes.ravel() for codes in marks.values()]
    for point, cause in enumerate(wanted.text("special_cause_type")):
        if cause in CAUSES:
            rule, code = CAUSES[cause]
            assert found[rule][point] == code
            assert all(earlier[point] == 0 for earlier in found[:rule])
    verdict = spc.variation(marks, direction, conflict="first")
    np.testing.assert_array_equal(verdict.ravel(), [ICONS[icon] for icon in wanted.text("point_type")])

    np.testing.assert_array_equal(verdict[:, -1], [ICONS[row["variation_type"]] for row in summary])
    np.testing.assert_array_equal(
        spc.assurance(chart, rows("target")[:, 0], direction), [ICONS[row["assurance_type"]] for row in summary]
    )


def track(side: list[int], close: list[int] | None = None, value: list[int] | None = None) -> tracks.Track:
    """The track of one series whose sides, near-limit points or values are given."""
    signs = np.array(side, dtype=np.int8)
    far = signs * np.array([2.5 if flag else 0.5 for flag in close or [0] * signs.size])
    return tracks.Track(
        value=np.array(value, dtype=float) if value else signs.astype(float),
        z=far,
        side=signs,
        outside=np.zeros_like(signs),
        present=np.ones(signs.size, dtype=bool),
        position=np.arange(signs.size),
        phase=np.zeros(signs.size, dtype=np.intp),
    )


def ends(codes: np.ndarray, length: int) -> np.ndarray:
    """Places where a whole pattern ends, from the marks of all its places (runs of one sign)."""
    return np.where(tracks.all_of(codes == 1, length), 1, np.where(tracks.all_of(codes == -1, length), -1, 0))


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["rule"])
def test_rule_vectors(case: dict[str, Any]) -> None:
    outcome = case.get("out")
    match case["rule"]:
        case "seven_point_one_side_mean":
            codes = patterns.Shift(7).find(track(case["in"]))
            assert np.abs(ends(codes, 7)).tolist() == outcome
        case "seven_point_trend":
            codes = patterns.Trend(7).find(track([0] * len(case["in"]), value=case["in"]))
            assert ends(codes, 7).tolist() == outcome
        case "part_of_seven_trend":
            assert tracks.spread_back(np.array(case["in"]) != 0, 7).tolist() == [bool(flag) for flag in outcome]
        case "two_in_three":
            rule = patterns.Zone(2, 3, 2.0, one_side=True, inside=True)
            codes = rule.find(track(case["relative_to_mean"], close=case["close_to_limits"]))
            # NHSRplotthedots marks the window first and keeps only its points near the limits later; we do both
            assert np.abs(codes).tolist() == [a * b for a, b in zip(outcome, case["close_to_limits"], strict=True)]
        case "poisson_funnel_limits(FunnelPlotR test)":
            sizes = np.array(case["number_seq"], dtype=float)
            low, high = spc.poisson_limits(sizes, probability=0.95)
            np.testing.assert_allclose(low / sizes, case["ll95"], rtol=1e-6)
            np.testing.assert_allclose(high / sizes, case["ul95"], rtol=1e-6)
        case other:
            pytest.fail(f"no test for rule {other}")
