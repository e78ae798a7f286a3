"""Constants from their integrals against the printed table and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi.spc import constants

# Montgomery, Introduction to Statistical Quality Control, 6th ed. 2009, Appendix VI, p. 702
TABLE = """
 n   A2     A3     c4      B3     B4     B5     B6     d2     d3     D1     D2     D3     D4
 2   1.880  2.659  0.7979  0      3.267  0      2.606  1.128  0.853  0      3.686  0      3.267
 3   1.023  1.954  0.8862  0      2.568  0      2.276  1.693  0.888  0      4.358  0      2.574
 4   0.729  1.628  0.9213  0      2.266  0      2.088  2.059  0.880  0      4.698  0      2.282
 5   0.577  1.427  0.9400  0      2.089  0      1.964  2.326  0.864  0      4.918  0      2.114
 6   0.483  1.287  0.9515  0.030  1.970  0.029  1.874  2.534  0.848  0      5.078  0      2.004
 7   0.419  1.182  0.9594  0.118  1.882  0.113  1.806  2.704  0.833  0.204  5.204  0.076  1.924
 8   0.373  1.099  0.9650  0.185  1.815  0.179  1.751  2.847  0.820  0.388  5.306  0.136  1.864
 9   0.337  1.032  0.9693  0.239  1.761  0.232  1.707  2.970  0.808  0.547  5.393  0.184  1.816
10   0.308  0.975  0.9727  0.284  1.716  0.276  1.669  3.078  0.797  0.687  5.469  0.223  1.777
15   0.223  0.789  0.9823  0.428  1.572  0.421  1.544  3.472  0.756  1.203  5.741  0.347  1.653
20   0.180  0.680  0.9869  0.510  1.490  0.504  1.470  3.735  0.729  1.549  5.921  0.415  1.585
25   0.153  0.606  0.9896  0.565  1.435  0.559  1.420  3.931  0.708  1.806  6.056  0.459  1.541
"""
HEADING, *ROWS = (line.split() for line in TABLE.strip().splitlines())
FROM_ROUNDED = {"D1", "D2", "D3", "D4"}  # the table derives these from d2 and d3 with three decimals


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"n={row[0]}")
def test_constants_equal_the_printed_table(row: list[str]) -> None:
    n = int(row[0])
    for name, printed in zip(HEADING[1:], row[1:], strict=True):
        tolerance = 0.003 if name in FROM_ROUNDED else 0.5 * 10 ** -len(printed.partition(".")[2]) * 1.02
        assert float(getattr(constants, name)(n)) == pytest.approx(float(printed), abs=max(tolerance, 1e-12)), name


def test_closed_forms() -> None:
    assert constants.d2(2) == pytest.approx(2 / np.sqrt(np.pi), rel=1e-14)
    assert constants.d2(3) == pytest.approx(3 / np.sqrt(np.pi), rel=1e-14)
    assert constants.d3(2) == pytest.approx(np.sqrt(2 - 4 / np.pi), rel=1e-11)
    assert constants.D4(2) == pytest.approx(1 + 3 * np.sqrt(np.pi / 2 - 1), rel=1e-11)
    assert constants.c4(2) == pytest.approx(np.sqrt(2 / np.pi), rel=1e-14)
    assert constants.E2(2) == pytest.approx(1.5 * np.sqrt(np.pi), rel=1e-14)


def test_range_constants_against_random_samples() -> None:
    ranges = np.ptp(np.random.default_rng(1).standard_normal((200_000, 12)), axis=1)
    assert constants.d2(12) == pytest.approx(ranges.mean(), abs=0.01)
    assert constants.d3(12) == pytest.approx(ranges.std(), abs=0.01)


def test_large_subgroups_approach_their_limits() -> None:
    size = np.array([1_000.0, 100_000.0])
    np.testing.assert_allclose(constants.c4(size), 1 - 1 / (4 * size), rtol=1e-6)
    np.testing.assert_allclose(constants.c5(size), 1 / np.sqrt(2 * size), rtol=1e-3)


def test_a_subgroup_of_one_has_no_spread() -> None:
    assert np.isnan(constants.c4(1))
    with pytest.raises(ValueError, match="at least 2"):
        constants.d2(1)
