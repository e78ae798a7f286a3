"""Worked examples of Montgomery, Introduction to Statistical Quality Control, as printed there.

Page numbers are those of the 2nd edition (1991) given in the manual of R package qcc, example numbers those of the 6th.
"""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc.conventions import TEXTBOOK

pytestmark = pytest.mark.oracle

JUICE = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
BOARDS = [21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16, 19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15]
COMPUTERS = [10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5]
LOANS = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
TABLE_9_1 = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08,
    9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip


def lines(chart: spc.Limits) -> list[float]:
    return [float(line[0]) for line in (chart.lower, chart.centre, chart.upper)]


def test_orange_juice_example_7_1_pages_152_to_155() -> None:
    assert lines(spc.limits("p", JUICE, [50] * 30)) == pytest.approx([0.0524, 0.2313, 0.4102], abs=5e-5)
    without = np.ones(30, dtype=bool)
    without[[14, 22]] = False
    assert lines(spc.limits("p", JUICE, [50] * 30, baseline=without)) == pytest.approx(
        [0.0407, 0.2150, 0.3893], abs=5e-5
    )


def test_printed_circuit_boards_example_7_3_pages_173_to_175() -> None:
    chart = spc.limits("c", BOARDS)
    assert lines(chart) == pytest.approx([6.48, 19.85, 33.21], abs=0.01)
    assert (np.flatnonzero(chart.outside) + 1).tolist() == [6, 20]
    without = chart.outside == 0
    assert lines(spc.limits("c", BOARDS, baseline=without)) == pytest.approx([6.36, 19.67, 32.97], abs=0.01)


def test_personal_computers_pages_181_and_182() -> None:
    assert lines(spc.limits("u", COMPUTERS, [5] * 20)) == pytest.approx([0.07, 1.93, 3.79], abs=0.01)


def test_mortgage_loan_costs_example_6_5() -> None:
    assert lines(spc.limits("i", LOANS, convention=TEXTBOOK)) == pytest.approx([279.78, 300.5, 321.22], abs=0.015)
    ranges = spc.limits("mr", LOANS, convention=TEXTBOOK)
    assert lines(ranges) == pytest.approx([0, 7.79, 25.45], abs=0.01)


def test_tabular_cusum_table_9_2() -> None:
    sums = spc.cusum(spc.limits("i", TABLE_9_1, centre=10, sigma=1), reference=0.5, decision=5)
    assert sums.high[27:].tolist() == pytest.approx([4.47, 5.28, 5.30], abs=0.005)
    assert (np.flatnonzero(sums.codes) + 1).tolist() == [29, 30]


def test_ewma_of_the_same_data_table_9_10() -> None:
    chart = spc.limits("ewma", TABLE_9_1, centre=10, sigma=1, sigmas=2.7, weight=0.1)
    assert chart.value[:3].tolist() == pytest.approx([9.945, 9.7495, 9.70355], abs=1e-9)
    assert chart.upper[[0, -1]].tolist() == pytest.approx([10.27, 10.62], abs=0.005)
    assert (np.flatnonzero(chart.outside) + 1).tolist() == [29, 30]
