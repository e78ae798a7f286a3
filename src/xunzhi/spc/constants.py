"""Control-chart constants, computed from their definitions instead of typed in.

With W the range and S the standard deviation of n independent standard normal values:

    d2 = E[W]        d3 = sd(W)        c4 = E[S]        c5 = sd(S) = sqrt(1 - c4²)

Everything else is arithmetic on these (Montgomery, Introduction to Statistical Quality Control, 6th ed., App. VI,
p. 702).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtr

__all__ = ["A2", "A3", "B3", "B4", "B5", "B6", "D1", "D2", "D3", "D4", "E2", "SIGMAS", "c4", "c5", "d2", "d3"]

Floats = npt.NDArray[np.float64]

SIGMAS = 3.0
"""Distance of control limits from the centre line, in standard errors (Shewhart)."""

_TAIL = 9.0  # the normal distribution beyond ±9 weighs 1e-19
_NODES = 200


@cache
def _grid(low: float, high: float) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (high - low) / 2
    return half * nodes + (high + low) / 2, half * weights


@cache
def d2(n: int) -> float:
    """Mean range of n standard normal values: the integral of 1 - (1 - Φ)ⁿ - Φⁿ (Tippett 1925)."""
    _require_subgroup(n)
    x, weight = _grid(-_TAIL, _TAIL)
    return float(np.sum(weight * (1 - ndtr(-x) ** n - ndtr(x) ** n)))


@cache
def d3(n: int) -> float:
    """Standard deviation of the range of n standard normal values, from E[W²] = 2 ∫ w (1 - F(w)) dw."""
    _require_subgroup(n)
    x, weight = _grid(-_TAIL, _TAIL)
    w, step = _grid(0.0, 2 * _TAIL)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    within = ndtr(x + w[:, None]) - ndtr(x)
    distribution = n * np.sum(weight * density * within ** (n - 1), axis=1)
    second_moment = 2 * np.sum(step * w * (1 - distribution))
    return float(np.sqrt(second_moment - d2(n) ** 2))


def c4(n: npt.ArrayLike) -> Floats:
    """Mean standard deviation of n standard normal values, sqrt(2/(n-1)) Γ(n/2) / Γ((n-1)/2); NaN for n < 2."""
    size = np.asarray(n, dtype=float)
    size = np.where(size >= 2, size, np.nan)
    return np.asarray(np.sqrt(2 / (size - 1)) * np.exp(gammaln(size / 2) - gammaln((size - 1) / 2)))


def c5(n: npt.ArrayLike) -> Floats:
    """Standard deviation of the standard deviation of n standard normal values; NaN for n < 2."""
    return np.asarray(np.sqrt(1 - c4(n) ** 2))


def A2(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802 - the name every textbook gives it
    """Limits of the mean from the mean range: x̿ ± A2 R̄."""
    return float(sigmas / (d2(n) * np.sqrt(n)))


def A3(n: npt.ArrayLike, sigmas: float = SIGMAS) -> Floats:  # noqa: N802
    """Limits of the mean from the mean standard deviation: x̿ ± A3 S̄."""
    return np.asarray(sigmas / (c4(n) * np.sqrt(np.asarray(n, dtype=float))))


def B3(n: npt.ArrayLike, sigmas: float = SIGMAS) -> Floats:  # noqa: N802
    """Lower limit of the S chart as a multiple of S̄."""
    return np.maximum(0, 1 - sigmas * c5(n) / c4(n))


def B4(n: npt.ArrayLike, sigmas: float = SIGMAS) -> Floats:  # noqa: N802
    """Upper limit of the S chart as a multiple of S̄."""
    return np.asarray(1 + sigmas * c5(n) / c4(n))


def B5(n: npt.ArrayLike, sigmas: float = SIGMAS) -> Floats:  # noqa: N802
    """Lower limit of the S chart as a multiple of a known σ."""
    return np.maximum(0, c4(n) - sigmas * c5(n))


def B6(n: npt.ArrayLike, sigmas: float = SIGMAS) -> Floats:  # noqa: N802
    """Upper limit of the S chart as a multiple of a known σ."""
    return np.asarray(c4(n) + sigmas * c5(n))


def D1(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802
    """Lower limit of the R chart as a multiple of a known σ."""
    return max(0.0, d2(n) - sigmas * d3(n))


def D2(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802
    """Upper limit of the R chart as a multiple of a known σ."""
    return d2(n) + sigmas * d3(n)


def D3(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802
    """Lower limit of the R chart as a multiple of R̄."""
    return D1(n, sigmas) / d2(n)


def D4(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802
    """Upper limit of the R chart as a multiple of R̄ (3.267 for moving ranges, n = 2)."""
    return D2(n, sigmas) / d2(n)


def E2(n: int, sigmas: float = SIGMAS) -> float:  # noqa: N802
    """Limits of individual values from the mean range: x̄ ± E2 R̄ (2.66 for moving ranges, n = 2)."""
    return sigmas / d2(n)


def _require_subgroup(n: int) -> None:
    if n < 2:
        raise ValueError(f"a range needs at least 2 values, got n = {n} / 极差至少需要 2 个值，实际 n = {n}")
