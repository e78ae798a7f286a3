"""Control limits of every chart: `limits("p", numerator, denominator)`; arrays (…, points) in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from xunzhi.spc import estimates
from xunzhi.spc.constants import SIGMAS
from xunzhi.spc.conventions import STANDARD, Convention
from xunzhi.spc.estimates import Bools, Estimate, Floats, Sample

__all__ = ["CHARTS", "Chart", "Limits", "Subgroups", "limits", "subgroups"]

Ints = npt.NDArray[np.intp]

TIE = 1e-12
"""Relative difference below which a point lies on its line: arithmetic noise must not look like a run."""

PROVISIONAL_POINTS = 12
"""With fewer points than this, limits are only a guess (NHSRplotthedots short group warning)."""

TIME_POWER = 3.6
"""Times between Poisson events are nearly normal after t^(1/3.6) (Nelson 1994; Montgomery Example 7.6)."""

EWMA_WEIGHT = 0.2
"""Default weight of the newest point (Montgomery section 9.2: 0.05 to 0.25 work well)."""


@dataclass(frozen=True)
class Limits:
    """A calculated chart. All arrays have the shape (…, points); NaN marks what is missing or cannot be calculated.

    Attributes:
        chart: name in `CHARTS`.
        value: what is plotted: proportion, rate, count, mean …
        centre: centre line.
        lower: lower control limit, never below what the value can reach.
        upper: upper control limit.
        sigma: standard error of each point on the scale of `z` (for the t chart: of t^(1/3.6)).
        z: standardised distance to the middle of the limits, what zone rules look at; NaN on the line of a chart
            without any spread, infinite beside it.
        n: denominators or subgroup sizes, None for charts without.
        phase: 0, 1, 2 … per point.
        points_used: number of points from which the limits of the point's phase were calculated.
        sigmas: distance of the limits in standard errors.
        constants: the convention used.
    """

    chart: str
    value: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    z: Floats
    n: Floats | None
    phase: Ints
    points_used: Ints
    sigmas: float
    constants: str

    @property
    def provisional(self) -> Bools:
        """True where limits rest on fewer than PROVISIONAL_POINTS points."""
        return self.points_used < PROVISIONAL_POINTS

    @property
    def side(self) -> npt.NDArray[np.int8]:
        """+1 above, -1 below, 0 on the centre line or missing."""
        return _beyond(self.value, self.centre, self.centre)

    @property
    def outside(self) -> npt.NDArray[np.int8]:
        """+1 above the upper, -1 below the lower limit, else 0."""
        return _beyond(self.value, self.upper, self.lower)

    def scaled(self, factor: float) -> Limits:
        """The same chart in other units, such as per 1,000 patient-days."""
        lines = ("value", "centre", "lower", "upper", "sigma")
        return replace(self, **{line: getattr(self, line) * factor for line in lines})


@dataclass(frozen=True)
class Chart:
    """How one chart is calculated.

    Attributes:
        label: what the chart shows.
        estimate: middle and standard errors from a sample.
        denominator: None if the chart has none, else whether the plotted value is numerator / denominator.
        whole: numerators must lie within their denominators.
        floor: lowest possible value.
        ceiling: highest possible value of each point.
        power: the chart is calculated on value^(1/power).
    """

    label: str
    estimate: Callable[[Sample], Estimate]
    denominator: bool | None = None
    whole: bool = False
    floor: float = -np.inf
    ceiling: Callable[[Sample], Floats | float] = lambda _sample: np.inf
    power: float = 1.0


def _one(_sample: Sample) -> float:
    return 1.0


def _size(sample: Sample) -> Floats:
    return sample.sizes


CHARTS: Mapping[str, Chart] = MappingProxyType(
    {
        "run": Chart("values around their median", estimates.run),
        "i": Chart("individual values", estimates.individuals),
        "mr": Chart("moving ranges of individual values", estimates.moving_range, floor=0),
        "ewma": Chart("exponentially weighted moving average", estimates.individuals),
        "xbar": Chart("subgroup means", estimates.subgroup_means, denominator=False),
        "s": Chart("standard deviations within subgroups", estimates.subgroup_deviations, denominator=False, floor=0),
        "p": Chart("proportion", estimates.proportion, True, whole=True, floor=0, ceiling=_one),
        "pp": Chart("proportion, Laney p′", estimates.proportion_prime, True, whole=True, floor=0, ceiling=_one),
        "u": Chart("rate per unit of exposure", estimates.rate, True, floor=0),
        "up": Chart("rate per unit of exposure, Laney u′", estimates.rate_prime, True, floor=0),
        "c": Chart("count", estimates.count, floor=0),
        "np": Chart("number of cases", estimates.number, False, whole=True, floor=0, ceiling=_size),
        "g": Chart("cases between events", estimates.cases_between, floor=0),
        "t": Chart("time between events", estimates.individuals, floor=0, power=TIME_POWER),
    }
)


def limits(
    chart: str,
    values: npt.ArrayLike,
    denominator: npt.ArrayLike | None = None,
    *,
    spread: npt.ArrayLike | None = None,
    phases: npt.ArrayLike | None = None,
    baseline: npt.ArrayLike | None = None,
    centre: npt.ArrayLike | None = None,
    sigma: npt.ArrayLike | None = None,
    sigmas: float = SIGMAS,
    convention: Convention = STANDARD,
    weight: float = EWMA_WEIGHT,
) -> Limits:
    """Centre line and control limits of one chart or of thousands at once.

    Args:
        chart: a name in `CHARTS`.
        values: (…, points): numerators for p, pp, u, up, np; counts for c; cases or time between events for g, t;
            subgroup means for xbar, standard deviations for s; else the values themselves. NaN is a missing point.
        denominator: (…, points): denominators, exposures, or subgroup sizes. 0 makes the point missing.
        spread: standard deviations within subgroups, for xbar.
        phases: label per point, broadcast against values; limits and rules start afresh where it changes.
        baseline: True at points from which limits are calculated (all by default): freeze or exclude points with it.
            A phase without baseline points has no limits.
        centre: known centre line instead of an estimate (np: the known proportion), per series or per point.
        sigma: known process standard deviation instead of an estimate (i, ewma, xbar, s; t: of t^(1/3.6)).
        sigmas: distance of the limits in standard errors.
        convention: estimation details on which the field's packages differ.
        weight: weight of the newest point (ewma only).

    Raises:
        ValueError: unknown chart, missing or superfluous denominator, impossible numbers.
    """
    kind = _chart(chart)
    value, size = _inputs(chart, kind, values, denominator)
    phase = _phase_numbers(phases, value.shape)
    if chart == "mr":
        value = _ranges(value, phase)
    base = np.broadcast_to(True if baseline is None else _mask(baseline), value.shape)
    sample = Sample(
        value=_shrink(value, kind),
        size=size,
        spread=value if chart == "s" else _optional(spread, value.shape),
        base=base,
        used=base & ~np.isnan(value),
        centre=None if centre is None else _shrink(_per_point(centre, value.shape), kind),
        sigma=_optional(sigma, value.shape),
        convention=convention,
    )
    estimate, points_used = _by_phase(kind, sample, phase)
    if chart == "ewma":
        value, estimate = _average(value, estimate, phase, weight)
        sample = replace(sample, value=value)
    centre_line = estimate.middle if estimate.centre is None else estimate.centre
    lower, upper = (_clip(estimate.middle + side * sigmas * estimate.sigma, kind, sample) for side in (-1, 1))
    return Limits(
        chart=chart,
        value=value,
        centre=np.broadcast_to(_stretch(centre_line, kind), value.shape),
        lower=np.broadcast_to(_stretch(lower, kind), value.shape),
        upper=np.broadcast_to(_stretch(upper, kind), value.shape),
        sigma=np.broadcast_to(estimate.sigma, value.shape),
        z=_standardise(sample.value, estimate),
        n=size,
        phase=phase,
        points_used=points_used,
        sigmas=sigmas,
        constants=convention.name,
    )


@dataclass(frozen=True)
class Subgroups:
    """Mean, standard deviation and number of the observations of each subgroup, arrays (…, points)."""

    mean: Floats
    spread: Floats
    n: Floats


def subgroups(observations: npt.ArrayLike) -> Subgroups:
    """Summarise observations (…, points, n), NaN where a subgroup has fewer, for the X̄ and S charts.

    >>> groups = subgroups([[4.0, 6.0], [5.0, float("nan")]])
    >>> groups.mean.tolist(), groups.n.tolist()
    ([5.0, 5.0], [2.0, 1.0])
    """
    values = np.asarray(observations, dtype=float)
    present = ~np.isnan(values)
    size = present.sum(axis=-1, keepdims=True).astype(float)
    average = estimates.mean(values, present)
    squares = np.where(present, (values - average) ** 2, 0.0).sum(axis=-1, keepdims=True)
    deviation = np.sqrt(np.divide(squares, size - 1, out=np.full(size.shape, np.nan), where=size > 1))
    return Subgroups(average[..., 0], deviation[..., 0], size[..., 0])


def _chart(name: str) -> Chart:
    if name not in CHARTS:
        known = ", ".join(CHARTS)
        raise ValueError(f"unknown chart {name!r}, choose one of {known} / 未知控制图 {name!r}，可选：{known}")
    return CHARTS[name]


def _inputs(
    name: str, kind: Chart, values: npt.ArrayLike, denominator: npt.ArrayLike | None
) -> tuple[Floats, Floats | None]:
    """Plotted values and sizes as arrays of one shape; impossible numbers are refused."""
    value = np.atleast_1d(np.array(values, dtype=float))
    if kind.floor == 0:
        _refuse(name, value < 0, value, "negative value", "出现负值")
    if kind.denominator is None:
        if denominator is not None:
            raise ValueError(f"chart {name!r} takes no denominator / 控制图 {name!r} 不使用分母")
        return value, None
    if denominator is None:
        raise ValueError(f"chart {name!r} needs a denominator / 控制图 {name!r} 需要分母")
    value, size = np.broadcast_arrays(value, np.asarray(denominator, dtype=float))
    _refuse(name, size < 0, size, "negative denominator", "分母为负")
    if kind.whole:
        _refuse(name, value > size, value, "numerator exceeds its denominator", "分子大于分母")
    present = size > 0
    if kind.denominator:
        return np.divide(value, size, out=np.full(value.shape, np.nan), where=present), np.where(present, size, np.nan)
    if name in {"xbar", "s"}:
        present = size >= (2 if name == "s" else 1)
    return np.where(present, value, np.nan), np.where(present, size, np.nan)


def _refuse(name: str, wrong: Bools, value: Floats, english: str, chinese: str) -> None:
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        got = value[where]
        raise ValueError(
            f"chart {name!r}: {english} at index {where}: {got:g} / 控制图 {name!r}：{chinese}，位置 {where}：{got:g}"
        )


def _optional(given: npt.ArrayLike | None, shape: tuple[int, ...]) -> Floats | None:
    return None if given is None else _per_point(given, shape)


def _per_point(given: npt.ArrayLike, shape: tuple[int, ...]) -> Floats:
    """One value, one per series, or one per point, as one per point."""
    array = np.asarray(given, dtype=float)
    if array.ndim and array.shape == shape[:-1]:
        array = array[..., None]
    return np.broadcast_to(array, shape)


def _ranges(value: Floats, phase: Ints) -> Floats:
    starts = np.diff(phase, axis=-1, prepend=-1) != 0
    return np.where(starts, np.nan, estimates.moving_ranges(value, np.ones(value.shape, dtype=bool)))


def _mask(baseline: npt.ArrayLike) -> Bools:
    mask = np.asarray(baseline)
    if mask.dtype != np.bool_:
        raise ValueError("baseline must be True/False per point / baseline 须为逐点的真假值")
    return mask


def _phase_numbers(phases: npt.ArrayLike | None, shape: tuple[int, ...]) -> Ints:
    """0, 1, 2 … per series, one more at each change of label."""
    if phases is None:
        return np.broadcast_to(np.zeros((), dtype=np.intp), shape)
    labels = np.broadcast_to(np.asarray(phases), shape)
    changes = np.zeros(shape, dtype=np.intp)
    changes[..., 1:] = labels[..., 1:] != labels[..., :-1]
    return np.cumsum(changes, axis=-1, dtype=np.intp)


def _by_phase(kind: Chart, sample: Sample, phase: Ints) -> tuple[Estimate, Ints]:
    """Estimate each phase from its own points and lay the results side by side."""
    shape = sample.value.shape
    last = int(phase.max(initial=0))
    if last == 0:
        used = np.broadcast_to(sample.used.sum(axis=-1, keepdims=True, dtype=np.intp), shape)
        return kind.estimate(sample), used
    middle, sigma, centre = (np.full(shape, np.nan) for _ in range(3))
    points_used = np.zeros(shape, dtype=np.intp)
    for number in range(last + 1):
        here = phase == number
        part = replace(sample, base=sample.base & here, used=sample.used & here)
        found = kind.estimate(part)
        np.copyto(middle, found.middle, where=here)
        np.copyto(sigma, found.sigma, where=here)
        np.copyto(centre, found.middle if found.centre is None else found.centre, where=here)
        np.copyto(points_used, part.used.sum(axis=-1, keepdims=True, dtype=np.intp), where=here)
    return Estimate(middle, sigma, centre), points_used


def _shrink(line: Floats, kind: Chart) -> Floats:
    """From the scale of the plot to the scale of calculation."""
    return line if kind.power == 1 else line ** (1 / kind.power)


def _stretch(line: Floats, kind: Chart) -> Floats:
    """Back from the scale of calculation to the scale of the plot."""
    return line if kind.power == 1 else line**kind.power


def _clip(line: Floats, kind: Chart, sample: Sample) -> Floats:
    """No limit lies where no value can."""
    return np.asarray(np.minimum(np.maximum(line, kind.floor), kind.ceiling(sample)))


def _standardise(working: Floats, estimate: Estimate) -> Floats:
    """Distance to the middle in standard errors: 0 within arithmetic noise, NaN on the line of a flat chart."""
    distance = working - estimate.middle
    noise = np.abs(distance) <= TIE * np.abs(working)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(noise, 0.0, distance) / estimate.sigma)


def _beyond(value: Floats, upper: Floats, lower: Floats) -> npt.NDArray[np.int8]:
    slack = TIE * np.abs(value)
    above = value > upper + slack
    return above.view(np.int8) - (value < lower - slack).view(np.int8)


def _average(value: Floats, estimate: Estimate, phase: Ints, weight: float) -> tuple[Floats, Estimate]:
    """Running averages, and their standard errors after each point of the phase (Montgomery section 9.2).

    Each phase starts from its centre line; a missing point leaves the average where it was.
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight must lie in (0, 1], got {weight} / 权重须在 (0, 1] 内，实际 {weight}")
    position = position_in_phase(phase)
    start = np.broadcast_to(estimate.middle, value.shape)
    averages = np.empty(value.shape)
    before = np.full(value.shape[:-1], np.nan)
    for i in range(value.shape[-1]):
        before = np.where(position[..., i] == 0, start[..., i], before)
        before = np.where(np.isnan(value[..., i]), before, weight * value[..., i] + (1 - weight) * before)
        averages[..., i] = before
    error = np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * (position + 1))))
    return np.where(np.isnan(value), np.nan, averages), replace(estimate, sigma=estimate.sigma * error)


def position_in_phase(phase: Ints) -> Ints:
    """0, 1, 2 … from the start of each phase."""
    index = np.broadcast_to(np.arange(phase.shape[-1], dtype=np.intp), phase.shape)
    starts = np.zeros(phase.shape, dtype=np.intp)
    starts[..., 1:] = np.where(phase[..., 1:] != phase[..., :-1], index[..., 1:], 0)
    return index - np.maximum.accumulate(starts, axis=-1)
