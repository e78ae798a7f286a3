"""What bulletins of one institution and period are made from, read once for all of them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property, partial
from typing import Any

import numpy as np

from xunzhi import spc
from xunzhi.measures import HOSPITAL, Readings, months_in, shifted
from xunzhi.measures.charts import Baseline, Block, blocks
from xunzhi.measures.results import NOT_COLLECTED
from xunzhi.measures.signals import SCREENED, Scan, Signal, scan_blocks
from xunzhi.measures.store import State
from xunzhi.reports.model import Key
from xunzhi.reports.profile import Profile
from xunzhi.reports.quantities import places
from xunzhi.standards import Indicator, Pack

DEPARTMENT = "department"
SHOWN_MONTHS = 13
FAULT = "fault"
BETWEEN_EVENTS = ("g", "t")


@dataclass(frozen=True)
class Row:
    """A result of the period, with the period before and the year before."""

    key: Key
    revision: str
    broken: bool
    numerator: float | None
    denominator: float | None
    value: float | None
    provisional: bool
    status: str
    previous: float | None
    year_before: float | None


class Source:
    """Results, charts and signals of an institution up to the end of a period.

    Args:
        readings: the stored results.
        institution: whose bulletins.
        period: '2026-09', '2026Q3' or '2026'.
        baselines: recorded baselines of the charts.
        profile: what the hospital decided about its bulletins.
        division: the stratum whose units are meant wherever a unit is named.

    Raises:
        ValueError: if the period has no results.
    """

    def __init__(
        self,
        readings: Readings,
        institution: str,
        period: str,
        baselines: Sequence[Baseline] = (),
        profile: Profile | None = None,
        division: str = DEPARTMENT,
    ):
        known = readings.periods("month")
        first, last = months_in(period)
        self.months = tuple(month for month in known if first <= month <= last)
        state = readings.state
        if not self.months or state is None:
            span = f"{known[0]} … {known[-1]}" if known else "–"
            raise ValueError(f"{period}: 没有计算结果,现有 / no results; there are {span}")
        self.readings, self.institution, self.period = readings, institution, period
        self.baselines, self.profile, self.division = baselines, profile or Profile(), division
        self.state: State = state
        self.last = self.months[-1]
        self._rows: dict[str, Mapping[tuple[str, str], Row]] = {}
        self._charts: dict[str, Mapping[str, Block]] = {}
        self._shown_places: dict[tuple[str, ...], tuple[int | None, ...]] = {}

    @cached_property
    def pack(self) -> Pack:
        """The standards of the results, with the targets of the institution."""
        pack = self.readings.pack
        return replace(pack, indicators={name: one.of(self.institution) for name, one in pack.indicators.items()})

    @property
    def as_of(self) -> date:
        """The day whose facts are shown."""
        return date.fromisoformat(self.state.as_of)

    @cached_property
    def shown_months(self) -> tuple[str, ...]:
        """The months of the appendix, the oldest first."""
        return tuple(shifted(self.last, back) for back in range(1 - SHOWN_MONTHS, 1))

    @cached_property
    def unit_names(self) -> Mapping[str, str]:
        """Unit → name, control characters taken out."""
        found = self.readings.unit_names(self.division)
        return {unit: clean(name) for (institution, unit), name in found.items() if institution == self.institution}

    def name_of(self, unit: str) -> str:
        """A unit's name, or its code."""
        return self.unit_names.get(unit, clean(unit))

    def rows(self, stratum: str) -> Mapping[tuple[str, str], Row]:
        """The results of the period by indicator and unit; the unit of the whole hospital is ''."""
        if stratum not in self._rows:
            self._rows[stratum] = self._read(stratum)
        return self._rows[stratum]

    def _read(self, stratum: str) -> dict[tuple[str, str], Row]:
        wanted = {field.name for field in fields(Row)} - {"key"}
        found = {}
        for raw in self.readings.compared(self.institution, self.period, stratum).to_pylist():
            if raw["indicator"] not in self.pack.indicators:
                continue  # withdrawn since it was computed
            key = Key(raw["indicator"], stratum, raw["unit"] if stratum != HOSPITAL else "", self.period)
            found[key.indicator, key.unit] = Row(key, **{name: raw[name] for name in wanted})
        return found

    def row(self, indicator: str, unit: str = "") -> Row | None:
        """The result of an indicator in the period, for the hospital or one of its units."""
        return self.rows(self.division if unit else HOSPITAL).get((indicator, unit))

    def status(self, indicator: str, unit: str = "") -> str:
        """ok, no_cases, not_collected or fault."""
        if indicator in self.state.faults:
            return FAULT
        row = self.row(indicator, unit)
        return row.status if row else NOT_COLLECTED if not unit else "no_cases"

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The units with results in the period, in the order of their codes."""
        return tuple(sorted({unit for _, unit in self.rows(self.division) if unit}))

    def charts(self, stratum: str) -> Mapping[str, Block]:
        """All charts of a stratum, up to the end of the period."""
        if stratum not in self._charts:
            self._charts[stratum] = self.charts_through(stratum, self.last)
        return self._charts[stratum]

    def charts_through(self, stratum: str, through: str) -> Mapping[str, Block]:
        """All charts of a stratum up to a month."""
        return blocks(self.readings, self.institution, stratum, through=through, baselines=self.baselines)

    def chart(self, indicator: str, unit: str = "") -> tuple[Block, int] | None:
        """The charts of an indicator that end with the period, and the row of the unit among them."""
        block = self.charts(self.division if unit else HOSPITAL).get(indicator)
        if block is None or (unit and unit not in block.units):
            return None
        return block, block.unit(unit) if unit else 0

    @cached_property
    def scans(self) -> tuple[Scan, ...]:
        """What moved in each month of the period, the whole hospital and its departments together."""
        return tuple(scan_blocks(self._blocks_through(month), month) for month in self.months)

    def _blocks_through(self, month: str) -> list[Block]:
        read = self.charts if month == self.last else partial(self.charts_through, through=month)
        return [block for stratum in (HOSPITAL, DEPARTMENT) for block in read(stratum).values()]

    @cached_property
    def _signals(self) -> tuple[Signal, ...]:
        """The strongest signal of each chart in the period that may be ranked, the surest first."""
        best: dict[tuple[str, str, str], Signal] = {}
        for scan in self.scans:
            for signal in scan.signals:
                place = signal.indicator, signal.stratum, signal.unit
                if self._judged(signal) and (place not in best or signal.q < best[place].q):
                    best[place] = signal
        return tuple(sorted(best.values(), key=lambda s: (s.q, -abs(s.sigmas), s.indicator, s.stratum, s.unit)))

    def _judged(self, signal: Signal) -> bool:
        found = self.chart(signal.indicator, signal.unit if signal.stratum != HOSPITAL else "")
        return found is not None and self.large_enough(*found, signal.denominator)

    @staticmethod
    def large_enough(block: Block, row: int, denominator: float | None) -> bool:
        """Whether a chart may be judged: enough points, and no denominator below the indicator's minimum.

        Charts of cases between events gather over months, so the minimum doesn't bind them.
        """
        enough = int((~np.isnan(block.limits.value[row])).sum()) >= SCREENED
        return enough and (block.chart in BETWEEN_EVENTS or counted_enough(block.indicator, denominator))

    def signals(self, stratum: str, unit: str | None = None) -> tuple[Signal, ...]:
        """The signals of a stratum, or of one department."""
        return tuple(s for s in self._signals if s.stratum == stratum and (unit is None or s.unit == unit))

    def looked_at(self, unit: str = "") -> tuple[int, float]:
        """How many charts were judged in the period, and how many false alarms to expect among them."""
        if not unit:
            return sum(scan.charts for scan in self.scans), sum(scan.expected_false_alarms for scan in self.scans)
        scans = [
            scan_blocks([only(b, unit) for b in self._blocks_through(m) if unit in b.units], m) for m in self.months
        ]
        return sum(scan.charts for scan in scans), sum(scan.expected_false_alarms for scan in scans)

    @cached_property
    def decimals(self) -> Mapping[str, int]:
        """Decimal places of each indicator."""
        charts = self.charts(HOSPITAL)
        return {
            name: places(indicator, charts[name].value[0].tolist() if name in charts else ())
            for name, indicator in self.pack.indicators.items()
        }

    def series(self, indicator: str, unit: str = "") -> tuple[tuple[float | None, bool], ...]:
        """Value and whether it is provisional, for each of the shown months."""
        found = self.chart(indicator, unit)
        if found is None:
            return ((None, False),) * SHOWN_MONTHS
        block, row = found
        values, provisional = block.value[row].tolist(), block.provisional[row].tolist()
        return tuple(
            (None, False) if place is None else (known(values[place]), provisional[place])
            for place in self._places(block.months)
        )

    def _places(self, months: tuple[str, ...]) -> tuple[int | None, ...]:
        """Where the shown months stand among those of a chart."""
        if months not in self._shown_places:
            place = {month: index for index, month in enumerate(months)}
            self._shown_places[months] = tuple(map(place.get, self.shown_months))
        return self._shown_places[months]


def counted_enough(indicator: Indicator, denominator: float | None) -> bool:
    """Whether a denominator reaches the indicator's minimum; indicators without cases below the line always do."""
    if indicator.kind in ("count", "sum", "distinct") or not hasattr(indicator.revisions[-1].numerator, "grain"):
        return True
    return denominator is not None and denominator >= indicator.minimum


def only(block: Block, unit: str) -> Block:
    """The chart of one unit."""
    row = slice(block.unit(unit), block.unit(unit) + 1)

    def cut(value: Any) -> Any:
        return value[row] if isinstance(value, np.ndarray) else value

    def cut_all(item: Any) -> dict[str, Any]:
        return {field.name: cut(getattr(item, field.name)) for field in fields(item)}

    limits: spc.Limits = replace(block.limits, **cut_all(block.limits))
    marks = {rule: codes[row] for rule, codes in block.marks.items()}
    alarms = {rule: codes[row] for rule, codes in block.alarms.items()}
    return replace(block, **{**cut_all(block), "units": (unit,), "limits": limits, "marks": marks, "alarms": alarms})


def known(value: float) -> float | None:
    """The number as Python has it; None for NaN."""
    return None if math.isnan(value) else float(value)


def clean(text: str) -> str:
    """A name without control characters, which no document format can hold."""
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cs"))
