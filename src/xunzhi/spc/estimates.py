"""Centre line and standard error of each chart, one short function per chart, over (…, points) arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xunzhi.spc.constants import c4, c5
from xunzhi.spc.conventions import Convention

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """One phase of the plotted points, on the scale on which the chart is calculated.

    Attributes:
        value: plotted values (…, points), NaN where missing.
        size: denominators or subgroup sizes, None for charts without.
        spread: standard deviations within subgroups (X̄ and S charts).
        base: points from which limits may be calculated, missing ones included (they part moving ranges).
        used: points of `base` that are not missing.
        centre: known centre line instead of an estimate (…, 1) or (…, points).
        sigma: known process σ instead of an estimate.
        convention: how to estimate.
    """

    value: Floats
    size: Floats | None
    spread: Floats | None
    base: Bools
    used: Bools
    centre: Floats | None
    sigma: Floats | None
    convention: Convention

    def mean(self) -> Floats:
        """Known centre, else the mean of the used points."""
        return mean(self.value, self.used) if self.centre is None else self.centre

    def weighted_mean(self) -> Floats:
        """Known centre, else the mean of the used points weighted by size: Σ numerator / Σ denominator."""
        return ratio(self.value * self.sizes, self.sizes, self.used) if self.centre is None else self.centre

    @property
    def sizes(self) -> Floats:
        """Sizes of a chart that needs them."""
        if self.size is None:
            raise ValueError("this chart needs a denominator / 该控制图需要分母")
        return self.size


@dataclass(frozen=True)
class Estimate:
    """Middle of the limits, standard error per point, and the centre line where it is not the middle."""

    middle: Floats
    sigma: Floats
    centre: Floats | None = None


def mean(values: Floats, where: Bools) -> Floats:
    """Mean over the last axis (kept, length 1); NaN where no point counts."""
    return ratio(values, np.ones((), dtype=float), where)


def ratio(numerator: Floats, denominator: Floats, where: Bools) -> Floats:
    """Σ numerator / Σ denominator over the last axis (kept, length 1); NaN where the denominator is 0."""
    if where.all():
        top = numerator.sum(axis=-1, keepdims=True)
        bottom = np.broadcast_to(denominator, numerator.shape).sum(axis=-1, keepdims=True)
    else:
        top = np.where(where, numerator, 0.0).sum(axis=-1, keepdims=True)
        bottom = np.where(where, denominator, 0.0).sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))


def median(values: Floats, where: Bools) -> Floats:
    """Median over the last axis (kept, length 1); NaN where no point counts."""
    count = where.sum(axis=-1, keepdims=True)
    if values.shape[-1] == 0:
        return np.full(count.shape, np.nan)
    ordered = np.sort(np.where(where, values, np.inf), axis=-1)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    known = count > 0
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    return np.where(known, low + (high - low) / 2, np.nan)


def moving_ranges(values: Floats, base: Bools) -> Floats:
    """|difference| of each base point to the base point before it; NaN at the first and beside missing values."""
    if values.shape[-1] == 0:
        return values
    if base.all():
        before = np.concatenate([np.full_like(values[..., :1], np.nan), values[..., :-1]], axis=-1)
        return np.asarray(np.abs(values - before))
    index = np.where(base, np.arange(values.shape[-1]), -1)
    latest = np.maximum.accumulate(index, axis=-1)
    previous = np.concatenate([np.full_like(latest[..., :1], -1), latest[..., :-1]], axis=-1)
    before = np.take_along_axis(values, np.maximum(previous, 0), axis=-1)
    return np.where(base & (previous >= 0), np.abs(values - before), np.nan)


def sigma_from_moving_ranges(values: Floats, base: Bools, convention: Convention) -> Floats:
    """Short-term σ from the mean moving range, screened once if the convention says so (Montgomery 6.33)."""
    ranges = moving_ranges(values, base)
    present = np.isfinite(ranges)
    average = mean(ranges, present)
    if convention.screen_moving_ranges:
        kept = present & ((ranges < convention.moving_range_limit * average) | (average == 0))
        average = mean(ranges, kept)
    return average * convention.sigma_per_moving_range


def run(sample: Sample) -> Estimate:
    """Median; a run chart has no limits."""
    middle = median(sample.value, sample.used) if sample.centre is None else sample.centre
    return Estimate(middle, np.full(middle.shape, np.nan))


def individuals(sample: Sample) -> Estimate:
    """I chart: mean and σ from moving ranges (Montgomery 6.33)."""
    if sample.sigma is not None:
        return Estimate(sample.mean(), sample.sigma)
    return Estimate(sample.mean(), sigma_from_moving_ranges(sample.value, sample.base, sample.convention))


def moving_range(sample: Sample) -> Estimate:
    """MR chart: mean moving range; upper limit D4(2) times it at 3 standard errors."""
    middle = sample.mean()
    return Estimate(middle, middle * (sample.convention.moving_range_limit - 1) / 3)


def subgroup_sigma(sample: Sample) -> Floats:
    """Mean standard deviation within subgroups: plain for equal sizes, else pooled (Montgomery 6.27, 6.31)."""
    if sample.spread is None:
        raise ValueError("x̄ charts need spread= / 均值图需要 spread=")
    degrees = sample.sizes - 1
    where = sample.used & np.isfinite(sample.spread)
    pooled = np.sqrt(ratio(degrees * sample.spread**2, degrees, where))
    if sample.convention.pool_equal_subgroups:
        return pooled
    largest = np.max(degrees, axis=-1, keepdims=True, initial=-np.inf, where=sample.used)
    equal = np.all((degrees == largest) | ~sample.used, axis=-1, keepdims=True)
    return np.where(equal, mean(sample.spread, where), pooled)


def subgroup_means(sample: Sample) -> Estimate:
    """X̄ chart: weighted mean; limits x̿ ± A3 S̄ (Montgomery 6.28), or ± 3σ/√n for a known σ."""
    root = np.sqrt(sample.sizes)
    if sample.sigma is not None:
        return Estimate(sample.weighted_mean(), sample.sigma / root)
    return Estimate(sample.weighted_mean(), subgroup_sigma(sample) / (c4(sample.sizes) * root))


def subgroup_deviations(sample: Sample) -> Estimate:
    """S chart: limits B3 S̄ and B4 S̄ (Montgomery 6.27), or B5 σ and B6 σ for a known σ."""
    if sample.sigma is not None:
        return Estimate(c4(sample.sizes) * sample.sigma, c5(sample.sizes) * sample.sigma)
    middle = subgroup_sigma(sample) if sample.centre is None else sample.centre
    return Estimate(middle, middle * c5(sample.sizes) / c4(sample.sizes))


def proportion(sample: Sample) -> Estimate:
    """Limits of the p chart: sqrt(p̄(1 - p̄)/n) (Montgomery 7.7)."""
    middle = sample.weighted_mean()
    return Estimate(middle, np.sqrt(np.maximum(middle * (1 - middle), 0) / sample.sizes))


def rate(sample: Sample) -> Estimate:
    """Limits of the u chart: sqrt(ū/n) (Montgomery 7.19)."""
    middle = sample.weighted_mean()
    return Estimate(middle, np.sqrt(middle / sample.sizes))


def number(sample: Sample) -> Estimate:
    """Limits of the np chart: n p̄ and sqrt(n p̄(1 - p̄))."""
    share = ratio(sample.value, sample.sizes, sample.used) if sample.centre is None else sample.centre
    return Estimate(share * sample.sizes, np.sqrt(sample.sizes * share * (1 - share)))


def count(sample: Sample) -> Estimate:
    """Limits of the c chart: sqrt(c̄) (Montgomery 7.17)."""
    return Estimate(sample.mean(), np.sqrt(sample.mean()))


def laney(sample: Sample, plain: Estimate) -> Estimate:
    """p′ and u′: standard errors times σz, the short-term σ of the standardised points (Laney 2002)."""
    distance = sample.value - plain.middle
    flat = np.where(np.isnan(sample.value), np.nan, 0.0)
    z = np.divide(distance, plain.sigma, out=flat, where=np.broadcast_to(plain.sigma > 0, flat.shape))
    scale = sigma_from_moving_ranges(z, sample.base, sample.convention)
    return Estimate(plain.middle, plain.sigma * scale)


def proportion_prime(sample: Sample) -> Estimate:
    """Laney's p′ chart."""
    return laney(sample, proportion(sample))


def rate_prime(sample: Sample) -> Estimate:
    """Laney's u′ chart."""
    return laney(sample, rate(sample))


def cases_between(sample: Sample) -> Estimate:
    """Limits of the g chart: mean and sqrt(ḡ(ḡ + 1)) of a geometric distribution (Montgomery p. 319), median centre."""
    middle = sample.mean()
    by_median = sample.convention.g_centre == "median" and sample.centre is None
    centre = median(sample.value, sample.used) if by_median else None
    return Estimate(middle, np.sqrt(middle * (middle + 1)), centre)
