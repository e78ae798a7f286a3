"""Claim: the default rules find faults of the synthetic hospital that "3 sigma only" misses, at equal false alarms.

Department-months of 36 months come from the synthetic hospital's model: proportions and rates of all its departments,
with season, lasting and monthly random effects. Each of the last twelve months is judged as the product does when that
month is the newest: the same chart, the same limits, the same alarms. Some hospitals are clean; in the others 200
series of each kind of fault go wrong in the first of the twelve months. The rival, limits alone, is made as narrow as
gives it at least as many false alarms.

    python -m benchmarks.detection
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import claim
from xunzhi import spc
from xunzhi.measures import shifted
from xunzhi.measures.charts import Laid, chart, rule_of
from xunzhi.measures.signals import alarmed
from xunzhi.standards import Indicator, Pack, load_pack
from xunzhi.synth import Hospital, series
from xunzhi.synth.rates import Effect
from xunzhi.synth.series import usable_rates
from xunzhi.synth.stays import first_day, month_number

MONTHS, WATCHED = 36, 12
START = date(2023, 1, 1)
BROKEN = MONTHS - WATCHED  # the first month of a fault
LEAST = 0.5  # events a month, of those that happen and those that don't; a department with fewer is not judged by month
STAY, STAY_SD, LOW = 8.2, 3.6, 0.05  # days; rates below this share may be charted per patient-day
BUDGET = 400 * 40  # charts of a large hospital: indicators × departments
NEVER = WATCHED + 1

# At least so many times as many found, at most so many times as late. Of all faults together: better. Of each kind that
# lasts: not worse, as far as 200 of them can tell. A fault of one month is the case for limits alone: who spends false
# alarms on what lasts gives a little away there.
TOGETHER, LASTING, ONCE = (1.1, 0.95), (0.95, 1.05), (0.85, 1.15)

CLEAN = ((500, 21), (1000, 22), (2000, 23))  # beds, seed; the rules were chosen on the seeds 1 to 6
FAULTY = ((500, 24), (1000, 25), (2000, 26))
EACH = 200  # faults of each kind


@dataclass(frozen=True)
class Kind:
    """A fault: the rarer of the two outcomes becomes `factor` times as frequent."""

    name: str
    factor: float
    drift: bool = False
    once: bool = False


KINDS = (
    Kind("doubles", 2.0),
    Kind("half as many again", 1.5),
    Kind("halves", 0.5),
    Kind("drifts by 8 % a month", 1.08, drift=True),
    Kind("trebles for one month", 3.0, once=True),
    Kind("three of ten reported", 0.3),
)


@dataclass(frozen=True)
class Ward:
    """One rate of one hospital in all its departments: matrices (departments, months), and the fault of each."""

    rate: str
    departments: tuple[str, ...]
    indicator: Indicator
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64]
    scored: NDArray[np.bool_]
    fault: NDArray[np.int64]


@cache
def indicators() -> tuple[Indicator, Indicator]:
    """A proportion on a p chart and a rate on a u chart."""
    by_chart = {(indicator.chart, indicator.kind): indicator for indicator in pack().indicators.values()}
    return by_chart["p", "proportion"], by_chart["u", "rate"]


@cache
def pack() -> Pack:
    return load_pack()


def made(hospital: Hospital, faults: int, rng: np.random.Generator) -> list[Ward]:
    """All series of a hospital; so many of each kind of fault go into them."""
    units = hospital.units
    departments = tuple(units.codes[place] for place in sorted(set(units.department[units.wards])))
    rates = usable_rates()
    pairs = {name: [series(hospital, name, department) for department in departments] for name in rates}
    counts = {name: np.array(both, dtype=float).transpose(1, 0, 2) for name, both in pairs.items()}
    scored = {name: enough(*both) for name, both in counts.items()}
    fault = {name: np.full(len(departments), -1) for name in rates}
    places = [(name, int(place)) for name in rates for place in np.flatnonzero(scored[name])]
    for number, (name, place) in enumerate(rng.permutation(np.array(places, dtype=object))[: faults * len(KINDS)]):
        kind = number % len(KINDS)
        fault[name][place] = kind
        counts[name][:, place] = series(
            hospital, name, departments[place], [effect(hospital, name, departments[place], KINDS[kind])]
        )
    return [
        ward(name, departments, counts[name], scored[name], fault[name], rng) for name in rates if scored[name].any()
    ]


def enough(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.bool_]:
    rarer = np.minimum(numerator, denominator - numerator)[:, :BROKEN]
    return np.asarray(rarer.mean(axis=1) >= LEAST)


def effect(hospital: Hospital, rate: str, department: str, kind: Kind) -> Effect:
    units = hospital.units.named(department)
    chance = float(hospital.rates.typical(rate, units[:1])[0])
    factor = kind.factor if chance <= 0.5 else max(1 - (kind.factor - 1) * (1 - chance) / chance, 0.1)
    month = month_number(hospital.start) + BROKEN
    begin, end = first_day(month).astype("M8[s]"), first_day(month + (1 if kind.once else MONTHS)).astype("M8[s]")
    return Effect(rate, units, begin, end, factor, kind.drift)


def ward(
    rate: str,
    departments: tuple[str, ...],
    counts: NDArray[np.float64],
    scored: NDArray[np.bool_],
    fault: NDArray[np.int64],
    rng: np.random.Generator,
) -> Ward:
    """Every second rate of rare events is charted per patient-day, the others per stay or operation."""
    (proportion, per_day), (numerator, denominator) = indicators(), counts
    if numerator.sum() >= LOW * denominator.sum() or usable_rates().index(rate) % 2:
        return Ward(rate, departments, proportion, numerator, denominator, scored, fault)
    days = np.round(rng.normal(STAY * denominator, STAY_SD * np.sqrt(denominator)))
    return Ward(rate, departments, per_day, numerator, np.maximum(days, denominator), scored, fault)


def laid(ward: Ward, months: Sequence[str]) -> Laid:
    numerator, denominator = ward.numerator[:, : len(months)], ward.denominator[:, : len(months)]
    value = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    none = np.zeros(value.shape, dtype=np.int64)
    return Laid(
        ward.departments, tuple(months), numerator, denominator, value, np.full(value.shape, np.nan),
        none.astype(bool), none,
    )  # fmt: skip


@dataclass(frozen=True)
class Watch:
    """What rules said in each watched month: arrays (series, watched months); the fault of each series, -1 for none."""

    alarms: Mapping[spc.Rule, NDArray[np.bool_]]
    fault: NDArray[np.int64]

    def of(self, rules: Iterable[spc.Rule]) -> NDArray[np.bool_]:
        return np.asarray(np.any([self.alarms[rule] for rule in rules], axis=0))


def watch(wards: Sequence[Ward], rules: Sequence[spc.Rule]) -> Watch:
    """Judge every watched month with what was known at its end."""
    names = [shifted(f"{START:%Y-%m}", number) for number in range(MONTHS)]
    found: dict[spc.Rule, list[NDArray[np.bool_]]] = {rule: [] for rule in rules}
    for each in wards:
        said = [
            alarmed(chart(each.indicator, laid(each, names[: month + 1]), rules, "H001", "department"), names[month])
            for month in range(BROKEN, MONTHS)
        ]
        for rule in rules:
            found[rule].append(np.stack([month[rule] for month in said], axis=1)[each.scored])
    fault = np.concatenate([each.fault[each.scored] for each in wards])
    return Watch({rule: np.concatenate(parts) for rule, parts in found.items()}, fault)


@dataclass(frozen=True)
class Score:
    """False alarms per clean chart and year, and the months until each fault was found (NEVER: not in a year)."""

    false_alarms: float
    clean_with_alarm: float
    months: NDArray[np.int64]

    def found(self, within: int = WATCHED) -> float:
        return float((self.months <= within).mean())

    def of(self, chosen: NDArray[np.bool_]) -> Score:
        return Score(self.false_alarms, self.clean_with_alarm, self.months[chosen])


def score(seen: Watch, rules: Iterable[spc.Rule]) -> Score:
    alarms, clean = seen.of(rules), seen.fault < 0
    broken = alarms[~clean]
    months = np.where(broken.any(axis=1), broken.argmax(axis=1) + 1, NEVER)
    return Score(float(alarms[clean].sum(axis=1).mean()), float(alarms[clean].any(axis=1).mean()), months)


def beyond(sigmas: float) -> spc.Rule:
    """Limits alone, at another distance: a single point further out than so many standard errors."""
    return spc.RULES["zone"](count=1, window=1, sigmas=sigmas)  # type: ignore[call-arg]


WIDTHS = tuple(float(width) for width in np.round(np.arange(1.40, 4.0, 0.02), 2))


def rule_sets() -> dict[str, tuple[spc.Rule, ...]]:
    outside, shift, zone = spc.RULES["outside"](), spc.RULES["shift"], spc.RULES["zone"]
    default = tuple(rule_of(code) for code in pack().manifest.rules)
    sums = {f"outside, cusum_{h:g}": (outside, spc.RULES["cumulative_sum"](decision=h)) for h in (4.0, 6.0)}  # type: ignore[call-arg]
    return {
        "default of the pack": default,
        **{name: rules for name, rules in spc.RULE_SETS.items() if name != "default"},
        "outside, shift_8, trend_6": (outside, shift(length=8), spc.RULES["trend"](length=6)),  # type: ignore[call-arg]
        "outside, 2 of 3": (outside, zone()),
        **sums,
    }


def rival(scores: Mapping[float, Score], false_alarms: float) -> float:
    """The widest limits that raise at least as many false alarms."""
    return max(width for width, each in scores.items() if each.false_alarms >= false_alarms)


COLUMNS = ("false/year", "clean hit", "in 1", "in 3", "in 6", "in 12", "mean", "median", "rival at", "in 12", "mean")


def row(name: str, figures: Iterable[str]) -> str:
    return f"{name:<26}" + "".join(f"{figure:>11}" for figure in figures)


def compared(mine: Score, other: Score, width: float) -> list[str]:
    """False alarms a clean chart-year, clean charts with one, faults found in so many months, months until found."""
    within = [f"{mine.found(months):.0%}" for months in (1, 3, 6, WATCHED)]
    middle = float(np.median(mine.months))
    return [
        f"{mine.false_alarms:.3f}", f"{mine.clean_with_alarm:.1%}", *within, f"{mine.months.mean():.2f}",
        f"{middle:.0f}" if middle < NEVER else "never", f"{width:.2f}", f"{other.found():.0%}",
        f"{other.months.mean():.2f}",
    ]  # fmt: skip


def judge(mine: Score, other: Score, name: str, found: float, delay: float) -> bool:
    more = claim(f"{name}: found within a year, times the rival's", mine.found() / other.found(), at_least=found)
    ratio = mine.months.mean() / other.months.mean()
    return claim(f"{name}: mean months until found, times the rival's", ratio, at_most=delay) and more


def main() -> int:
    rng = np.random.default_rng(777)
    hospitals = [
        made(Hospital(beds=beds, months=MONTHS, start=START, seed=seed), faults, rng)
        for group, faults in ((CLEAN, 0), (FAULTY, -(-EACH // len(FAULTY))))
        for beds, seed in group
    ]
    sets, widths = rule_sets(), {width: beyond(width) for width in WIDTHS}
    rules = tuple(dict.fromkeys([*chain(*sets.values()), *widths.values()]))
    seen = watch(list(chain(*hospitals)), rules)
    kind = seen.fault[seen.fault >= 0]
    print(f"{(seen.fault < 0).sum():,} clean series, {len(kind)} faults; {MONTHS} months, the last {WATCHED} watched")
    print(row("", COLUMNS))
    alone = {width: score(seen, (rule,)) for width, rule in widths.items()}
    for name, selection in sets.items():
        mine = score(seen, selection)
        width = rival(alone, mine.false_alarms)
        print(row(name, compared(mine, alone[width], width)))
    mine = score(seen, sets["default of the pack"])
    width = rival(alone, mine.false_alarms)
    print(f"default: {', '.join(pack().manifest.rules)}; rival: limits at {width:.2f} standard errors")
    print(f"  false alarms a month on {BUDGET:,} charts: {mine.false_alarms / 12 * BUDGET:.0f}")
    good = judge(mine, alone[width], "all faults", *TOGETHER)
    for number, each in enumerate(KINDS):
        bounds = ONCE if each.once else LASTING
        good &= judge(mine.of(kind == number), alone[width].of(kind == number), each.name, *bounds)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
