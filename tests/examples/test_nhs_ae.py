"""NHS A&E attendances: aggregated facts by trust and month, every figure of its README."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.measures.charts import Baseline, blocks
from xunzhi.spc.conventions import MAKING_DATA_COUNT

EXAMPLE = "nhs_ae"
DATA = "nhsr_datasets"


@pytest.fixture(scope="module")
def expected(shared_data):
    return json.loads((shared_data / DATA / "expected.json").read_text(encoding="utf-8"))["ae"]


def test_every_figure_is_in_the_lake(example, expected):
    assert example.report.records == expected["rows"]
    assert example.refused() == {}
    assert example.report.feeds["monthly_statistic#1"].selected == 3 * expected["rows"]
    assert example.report.feeds["department#2"].selected == expected["orgs"]


def test_months(example, expected):
    months = [period for _, period in example.rows("ae_attendances")]
    assert (len(months), min(months), max(months)) == (36, expected["period"][0][:7], expected["period"][1][:7])


def test_totals(example, expected):
    within, attendances = example.total("ae_4h")
    admitted, again = example.total("ae_admitted")
    breaches, _ = example.total("ae_4h_breaches")
    assert (attendances, again, breaches) == (expected["attendances"], expected["attendances"], expected["breaches"])
    assert admitted == expected["admissions"]
    assert within == attendances - breaches
    assert 100 * within / attendances == pytest.approx(expected["performance_4h_pct"], abs=5e-7)


def test_first_and_last_month_of_england(example, expected):
    found = {f"{period}-01": value for (_, period), (_, _, value) in example.rows("ae_4h").items()}
    for month, value in expected["monthly_perf_first_last"].items():
        assert found[month] == pytest.approx(value, abs=5e-7)


def test_types_stay_text(example, expected):
    rows = example.query("""
        SELECT split_part(department, '/', 2) AS kind, count(*) AS n FROM monthly_statistic
        WHERE item = 'emergency_attendances' GROUP BY 1""")
    assert {row["kind"]: row["n"] for row in rows} == expected["types"]
    assert {unit for unit, _ in example.rows("ae_4h", "year", "ae_type")} == set(expected["types"])


def test_one_trust_and_type(example, expected):
    found = [row for (unit, _), row in example.rows("ae_4h", stratum="site").items() if unit == "RRK/1"]
    assert len(found) == expected["RRK_type1_rows"]
    assert sum(d for _, d, _ in found) == expected["RRK_type1_attendances"]
    assert sum(d - n for n, d, _ in found) == expected["RRK_type1_breaches"]


def test_trusts_add_up_to_england(example):
    """Every trust's figure of a month is the sum of its types; the trusts of a month are England."""
    england = {period: n for (_, period), (n, _, _) in example.rows("ae_attendances").items()}
    trusts: dict[str, float] = {}
    for (_, period), (n, _, _) in example.rows("ae_attendances", stratum="department").items():
        trusts[period] = trusts.get(period, 0) + n
    assert trusts == england


def test_individuals_chart_at_2_66_moving_ranges(example, expected):
    chart = expected["RQM_type1_XmR_attendances"]
    series = {
        p: n for (unit, p), (n, _, _) in example.rows("ae_attendances", stratum="site").items() if unit == "RQM/1"
    }
    values = np.array([series[month] for month in sorted(series)])
    convention = replace(MAKING_DATA_COUNT, screen_moving_ranges=False)
    limits = spc.limits("i", values, convention=convention)
    assert len(values) == chart["n"]
    assert np.abs(np.diff(values)).mean() == pytest.approx(chart["mean_mr"], abs=5e-7)
    for name, line in (("mean", limits.centre), ("ucl", limits.upper), ("lcl", limits.lower)):
        assert line == pytest.approx(chart[name], abs=5e-7)


def test_the_charts_of_the_measures_use_exact_constants(example, expected):
    """The same series as reports draw it: 3/d2 = 2.6587 instead of 2.66; the centre is the same."""
    chart = expected["RQM_type1_XmR_attendances"]
    decided = Baseline(
        indicator="ae_attendances", stratum="site", unit="RQM/1", first="2016-04", last="2019-03",
        author="test", reason="all months", decided=date(2026, 1, 1),
    )  # fmt: skip
    found = blocks(example.readings, "ENGLAND", "site", indicators=["ae_attendances"], baselines=[decided])
    block = found["ae_attendances"]
    row = block.unit("RQM/1")
    assert block.limits.centre[row, -1] == pytest.approx(chart["mean"], abs=5e-7)
    assert block.limits.upper[row, -1] == pytest.approx(chart["ucl"], rel=1e-3)
    assert block.limits.lower[row, -1] == pytest.approx(chart["lcl"], rel=1e-3)


def test_nothing_failed_and_every_definition_is_proved(example):
    assert example.run.faults == ()
    assert example.disagreements() == []
