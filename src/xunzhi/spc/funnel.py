"""Funnel plots: units of one period against their common target, with limits that widen for small units.

After Spiegelhalter, Statistics in Medicine 2005;24:1185–1202, and the additive random-effects adjustment for
overdispersion of his 2012 paper (J R Stat Soc A 175(1):1–25) as done by R package FunnelPlotR 0.6.
Arrays are (…, units): one row per indicator, one column per department or hospital, NaN for units without data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammainccinv, gammaincinv, ndtr, ndtri

__all__ = ["ALARM", "WARNING", "Funnel", "funnel", "poisson_limits"]

Floats = npt.NDArray[np.float64]
Kind = Literal["proportion", "rate", "ratio"]

WARNING, ALARM = 0.95, 0.998
"""Probabilities within the two customary pairs of limits, about 2 and 3 standard errors."""

TRIM = 0.1
"""Share of z-scores drawn in at each end before overdispersion is estimated (winsorised)."""


@dataclass(frozen=True)
class Funnel:
    """Units around their target, arrays (…, units); target, phi and tau2 are (…, 1).

    Attributes:
        kind: proportion (numerator within denominator), rate (events per exposure), ratio (observed to expected).
        value: numerator / denominator.
        denominator: size of each unit.
        target: common value: Σ numerator / Σ denominator, or 1 for ratios, unless given.
        z: z-scores on the transformed scale, without adjustment.
        phi: mean squared winsorised z-score; about 1 when chance alone is at work.
        tau2: variance between units beyond chance, 0 without adjustment or overdispersion.
    """

    kind: Kind
    value: Floats
    denominator: Floats
    target: Floats
    z: Floats
    phi: Floats
    tau2: Floats

    def bounds(self, probability: float = ALARM) -> tuple[Floats, Floats]:
        """Lower and upper limit of each unit."""
        return self.curve(self.denominator, probability)

    def curve(self, denominator: npt.ArrayLike, probability: float = ALARM) -> tuple[Floats, Floats]:
        """Lower and upper limit at any denominators, for drawing."""
        size = np.asarray(denominator, dtype=float)
        reach = ndtri((1 + probability) / 2) * np.sqrt(_standard_error(size, self.target) ** 2 + self.tau2)
        middle = _transform(self.kind, self.target)
        low, high = _back(self.kind, middle - reach), _back(self.kind, middle + reach)
        if self.kind == "proportion":
            return low, high
        weight = self.target if self.kind == "rate" else np.ones_like(self.target)
        exact_low, exact_high = poisson_limits(size * weight, probability)
        chance_only = self.tau2 == 0
        return np.where(chance_only, exact_low / size, low), np.where(chance_only, exact_high / size, high)

    def outliers(self, probability: float = ALARM) -> npt.NDArray[np.int8]:
        """+1 above, -1 below the limits, 0 within or missing."""
        low, high = self.bounds(probability)
        return (self.value > high).astype(np.int8) - (self.value < low).astype(np.int8)

    @property
    def adjusted_z(self) -> Floats:
        """z-scores with the variance between units allowed for."""
        error = _standard_error(self.denominator, self.target)
        return self.z * error / np.sqrt(error**2 + self.tau2)

    @property
    def p_value(self) -> Floats:
        """Two-sided p-value of each unit, overdispersion allowed for."""
        return np.asarray(2 * ndtr(-np.abs(self.adjusted_z)))


def funnel(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    kind: Kind = "proportion",
    *,
    target: npt.ArrayLike | None = None,
    overdispersion: bool = True,
    trim: float = TRIM,
) -> Funnel:
    """Place units on a funnel plot.

    Args:
        numerator: (…, units) cases, events, or observed counts.
        denominator: (…, units) patients, exposure, or expected counts; 0 makes the unit missing.
        kind: "proportion" (arcsine scale), "rate" or "ratio" (square-root scale; exact Poisson limits without
            overdispersion).
        target: known target instead of the units' own average, one value or (…) per row.
        overdispersion: estimate the variance between units beyond chance and widen the limits by it.
        trim: share of z-scores winsorised at each end for that estimate.

    Raises:
        ValueError: negative counts, or a numerator beyond the denominator of a proportion.
    """
    events, size = np.broadcast_arrays(np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float))
    _check(kind, events, size)
    present = ~np.isnan(events) & (size > 0)
    size = np.where(present, size, np.nan)
    value = events / size
    middle = _target(kind, events, size, present, target)
    z = (_transform(kind, value) - _transform(kind, middle)) / _standard_error(size, middle)
    units = present.sum(axis=-1, keepdims=True)
    if overdispersion:
        phi = _mean_square(_winsorise(z, units, trim), present, units)
        tau2 = _between_variance(_standard_error(size, middle), phi, present, units)
    else:
        phi, tau2 = np.zeros(units.shape), np.zeros(units.shape)
    return Funnel(kind, value, size, middle, z, phi, tau2)


def poisson_limits(expected: npt.ArrayLike, probability: float = ALARM) -> tuple[Floats, Floats]:
    """Limits of a count with this expectation, as the English public health observatories and FunnelPlotR draw them.

    They are the exact confidence interval of a count that equals its expectation (χ² quantiles, Garwood 1936), smooth
    in the expectation; of small counts a little more than 1 - probability lies outside.
    """
    mean = np.asarray(expected, dtype=float)
    tail = (1 - probability) / 2
    return np.asarray(gammaincinv(mean, tail)), np.asarray(gammainccinv(mean + 1, tail))


def _check(kind: str, events: Floats, size: Floats) -> None:
    if (events < 0).any() or (size < 0).any():
        raise ValueError("funnel: negative count or denominator / 漏斗图：计数或分母为负")
    if kind == "proportion" and (events > size).any():
        where = tuple(int(i) for i in np.argwhere(events > size)[0])
        raise ValueError(f"funnel: numerator exceeds its denominator at {where} / 漏斗图：分子大于分母，位置 {where}")


def _target(
    kind: Kind, events: Floats, size: Floats, present: npt.NDArray[np.bool_], given: npt.ArrayLike | None
) -> Floats:
    shape = (*events.shape[:-1], 1)
    if given is not None:
        known = np.asarray(given, dtype=float)
        return np.broadcast_to(known[..., None] if known.ndim else known, shape)
    if kind == "ratio":
        return np.ones(shape)
    total = np.where(present, size, 0.0).sum(axis=-1, keepdims=True)
    cases = np.where(present, events, 0.0).sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(cases, total, out=np.full(shape, np.nan), where=total > 0))


def _transform(kind: Kind, value: Floats) -> Floats:
    root = np.sqrt(value)
    return np.asarray(np.arcsin(root) if kind == "proportion" else root)


def _back(kind: Kind, line: Floats) -> Floats:
    if kind == "proportion":
        return np.asarray(np.sin(np.clip(line, 0, np.pi / 2)) ** 2)
    return np.asarray(np.maximum(line, 0) ** 2)


def _standard_error(size: Floats, target: Floats) -> Floats:
    """On both transformed scales 1 / (2√n), free of the value; at every target."""
    return np.asarray(np.broadcast_to(1 / (2 * np.sqrt(size)), np.broadcast_shapes(size.shape, target.shape)))


def _winsorise(z: Floats, units: npt.NDArray[np.intp], trim: float) -> Floats:
    ordered = np.sort(z, axis=-1)  # NaN last
    return np.clip(z, _quantile(ordered, units, trim), _quantile(ordered, units, 1 - trim))


def _quantile(ordered: Floats, units: npt.NDArray[np.intp], share: float) -> Floats:
    """Linear interpolation between the ordered present values (type 7, the default of R and numpy)."""
    place = np.maximum(units - 1, 0) * share
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(units - 1, 0))
    low, high = np.take_along_axis(ordered, below, axis=-1), np.take_along_axis(ordered, above, axis=-1)
    return np.asarray(low + (high - low) * (place - below))


def _mean_square(z: Floats, present: npt.NDArray[np.bool_], units: npt.NDArray[np.intp]) -> Floats:
    total = np.where(present, z**2, 0.0).sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(total, units, out=np.full(total.shape, np.nan), where=units > 0))


def _between_variance(
    error: Floats, phi: Floats, present: npt.NDArray[np.bool_], units: npt.NDArray[np.intp]
) -> Floats:
    """τ² by the method of moments (DerSimonian and Laird 1986), never negative."""
    weight = np.where(present, 1 / error**2, 0.0)
    total = weight.sum(axis=-1, keepdims=True)
    square = (weight**2).sum(axis=-1, keepdims=True)
    spread = total - np.divide(square, total, out=np.zeros_like(total), where=total > 0)
    excess = units * phi - (units - 1)
    return np.asarray(np.maximum(np.divide(excess, spread, out=np.zeros_like(total), where=spread > 0), 0))
