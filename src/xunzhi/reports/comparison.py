"""Departments side by side: funnel plots over twelve months, no department ranked below the indicator's minimum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xunzhi import spc
from xunzhi.measures.charts import Block as Charts
from xunzhi.reports.figures import Compared, Named, funnel_chart
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Figures,
    Number,
    Paragraph,
    Section,
    Sentence,
    TableBlock,
)
from xunzhi.reports.overview import GOOD
from xunzhi.reports.quantities import shown, whole_or, with_unit
from xunzhi.reports.source import DEPARTMENT, Source

MONTHS = 12
LEAST_UNITS = 5
"""With fewer departments there is no spread to compare with."""

LEAST_EVENTS = 10
"""With fewer events among all departments, limits say nothing."""

PLOTS = 6


@dataclass(frozen=True)
class Comparison:
    """The departments of one indicator over a year: those compared, the worst first, and those too small for it."""

    charts: Charts
    funnel: spc.Funnel
    units: tuple[Compared, ...]
    too_small: tuple[str, ...]

    @property
    def outliers(self) -> tuple[Compared, ...]:
        """The departments outside the limits."""
        return tuple(unit for unit in self.units if unit.outlier)


def comparisons(source: Source) -> list[Comparison]:
    """The comparisons that a bulletin shows: those the hospital asks for, then those with most departments outside."""
    found = {item.charts.indicator.id: item for item in _all(source)}
    asked = [found[name] for name in source.profile.compare if name in found]
    others = sorted(
        (item for name, item in found.items() if item.outliers and name not in source.profile.compare),
        key=lambda item: (-len(item.outliers), -max(abs(unit.z) for unit in item.outliers), item.charts.indicator.id),
    )
    return [*asked, *others][: max(PLOTS, len(asked))]


def _all(source: Source) -> Iterator[Comparison]:
    for charts in source.charts(DEPARTMENT).values():
        if charts.indicator.kind in ("proportion", "rate"):
            comparison = compare(source, charts)
            if comparison is not None:
                yield comparison


def compare(source: Source, charts: Charts) -> Comparison | None:
    """Compare departments by their sums over twelve months of one definition; None where there is too little."""
    indicator = charts.indicator
    numerator, denominator = _sums(charts)
    large = denominator >= max(indicator.minimum, 1)
    if large.sum() < LEAST_UNITS or numerator[large].sum() < LEAST_EVENTS:
        return None
    kind: Literal["proportion", "rate"] = "proportion" if indicator.kind == "proportion" else "rate"
    funnel = spc.funnel(numerator[large], denominator[large], kind)
    units = _units(source, charts, np.flatnonzero(large), funnel, numerator)
    small = np.flatnonzero(~large & (denominator > 0))
    return Comparison(charts, funnel, units, tuple(source.name_of(charts.units[row]) for row in small))


def _sums(charts: Charts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numerators and denominators of the last twelve months that have the newest definition."""
    columns = np.arange(len(charts.months)) >= len(charts.months) - MONTHS
    wanted = columns & (charts.revision == charts.revision[:, -1].max(initial=0))
    counted = wanted & (np.nan_to_num(charts.denominator) > 0)
    numerator, denominator = (
        np.where(counted, np.nan_to_num(part), 0.0).sum(axis=1) for part in (charts.numerator, charts.denominator)
    )
    return numerator, denominator


def _units(
    source: Source, charts: Charts, rows: NDArray[np.intp], funnel: spc.Funnel, numerator: NDArray[np.float64]
) -> tuple[Compared, ...]:
    good = GOOD[charts.indicator.direction]
    outliers, z = funnel.outliers().ravel(), funnel.adjusted_z.ravel()
    units = [
        Compared(
            charts.units[row],
            source.name_of(charts.units[row]),
            float(numerator[row]),
            float(funnel.denominator.ravel()[place]),
            float(funnel.value.ravel()[place]) * charts.indicator.scale,
            float(z[place]),
            int(outliers[place]),
            _kind(int(outliers[place]), good),
        )
        for place, row in enumerate(rows)
    ]
    return tuple(sorted(units, key=lambda unit: (unit.z * good if good else -abs(unit.z), unit.unit)))


def _kind(outlier: int, good: int) -> str:
    if outlier == 0:
        return "common_cause"
    return "neutral" if good == 0 else "improvement" if outlier == good else "concern"


def section(source: Source, say: Messages) -> Section:
    """The chapter on departments: funnels, and the departments outside their limits."""
    found = comparisons(source)
    if not found:
        blocks: tuple[Block, ...] = (Paragraph((say.sentence("funnel.nothing"),)),)
    else:
        notes = tuple(note for item in found for note in _small(item, say))
        blocks = (
            Paragraph((say.sentence("funnel.how"),)),
            Figures(tuple(_figure(source, item, say) for item in found)),
            _outside(source, found, say),
            *((Bullets(notes),) if notes else ()),
        )
    return Section("departments", say("section.departments"), blocks, sheet=say("sheet.departments"))


def _figure(source: Source, item: Comparison, say: Messages) -> Figure:
    indicator = item.charts.indicator
    named = Named(f"f-{indicator.id}", indicator.label(say.language), "", source.decimals[indicator.id])
    order = {unit: place for place, unit in enumerate(item.charts.units)}
    drawn = sorted(item.units, key=lambda unit: order[unit.unit])
    figure = funnel_chart(item.funnel, drawn, named, indicator.scale, say.unit(indicator.unit), say)
    ranked = funnel_chart(item.funnel, item.units, named, indicator.scale, say.unit(indicator.unit), say).table
    return replace(figure, table=ranked)


def _outside(source: Source, found: list[Comparison], say: Messages) -> TableBlock:
    heads = (("indicator", 3), ("unit", 1.6), ("counts", 1.5), ("own", 1.2), ("all", 1.2), ("z", 0.8), ("verdict", 1.3))
    columns = tuple(Column(say(f"funnel.outside_{name}"), name in ("own", "all", "z"), width) for name, width in heads)
    rows = []
    for item in found:
        indicator = item.charts.indicator
        decimals, target = source.decimals[indicator.id], float(item.funnel.target.ravel()[0]) * indicator.scale
        rows += [
            (
                Cell(indicator.label(say.language), link=f"#i-{indicator.id}"),
                Cell(unit.name),
                Cell(f"{whole_or(unit.numerator)} / {whole_or(unit.denominator)}"),
                Cell(with_unit(shown(unit.value, decimals), say.unit(indicator.unit)), unit.value, decimals),
                Cell(with_unit(shown(target, decimals), say.unit(indicator.unit)), target, decimals),
                Cell(shown(unit.z, 1), unit.z, 1),
                Cell(say(f"funnel.outlier_{unit.kind}"), tone=unit.kind),
            )
            for unit in item.outliers
        ]
    return TableBlock("outside", say("funnel.outside_title"), columns, tuple(rows), shown=40)


def _small(item: Comparison, say: Messages) -> tuple[Sentence, ...]:
    if not item.too_small:
        return ()
    indicator = item.charts.indicator
    return (
        say.sentence(
            "funnel.too_small",
            indicator=indicator.label(say.language),
            n=Number(str(len(item.too_small)), len(item.too_small), "units_too_small"),
            minimum=Number(str(indicator.minimum), indicator.minimum, "minimum"),
        ),
    )
