"""Confidence intervals, vectorised. All take and give float arrays of one shape; NaN where there is no denominator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

LEVEL = 0.95


def wilson(count: Floats, total: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Wilson's score interval for a proportion (Wilson 1927; Newcombe, Stat Med 1998;17:857, method 3)."""
    z = ndtri(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = count / total
        middle = p + z**2 / (2 * total)
        reach = z * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
        below, above = (middle - reach) / (1 + z**2 / total), (middle + reach) / (1 + z**2 / total)
    return np.where(count == 0, _zero(total), below), np.where(count == total, _one(total), above)


def byar(count: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Byar's interval for a Poisson count (Breslow & Day, Statistical Methods in Cancer Research II, 1987, p. 69)."""
    z = ndtri(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3
        up = count + 1
        high = up * (1 - 1 / (9 * up) + z / (3 * np.sqrt(up))) ** 3
    return np.where(count == 0, 0.0, low), high


def of_mean(mean: Floats, spread: Floats, n: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Normal interval of a mean from the standard deviation of the n values; NaN for fewer than two."""
    z = ndtri(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(n > 1, z * spread / np.sqrt(n), np.nan)
    return mean - reach, mean + reach


def _zero(total: Floats) -> Floats:
    return np.where(total > 0, 0.0, np.nan)


def _one(total: Floats) -> Floats:
    return np.where(total > 0, 1.0, np.nan)
