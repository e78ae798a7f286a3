"""Intervals against published figures."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi.measures.intervals import byar, of_mean, wilson


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [  # Newcombe, Statistics in Medicine 1998;17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_wilson_as_published(count, total, low, high):
    found = wilson(np.array([float(count)]), np.array([float(total)]))
    assert [round(float(side[0]), 4) for side in found] == [low, high]


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.69), (1, 0.01, 5.57), (10, 4.79, 18.39), (100, 81.36, 121.63)]
)
def test_byar_near_the_exact_poisson_limits(count, low, high):
    # exact limits: Breslow & Day 1987, table 2.10; Byar's approximation is accurate from small counts on
    found = byar(np.array([float(count)]))
    assert found[0][0] == pytest.approx(low, abs=0.02)
    assert found[1][0] == pytest.approx(high, abs=0.03)


def test_no_denominator_gives_no_interval():
    low, high = wilson(np.array([0.0]), np.array([0.0]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert np.isnan(of_mean(np.array([1.0]), np.array([np.nan]), np.array([1.0]))[0][0])
