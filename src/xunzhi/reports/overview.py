"""The overview: every indicator in one line, in the manner of NHS "Making Data Count"."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import numpy as np

from xunzhi import spc
from xunzhi.measures.charts import Block
from xunzhi.measures.results import OK
from xunzhi.measures.signals import KINDS
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Cell, Grid, GridArea, GridRow, Spark, Verdict
from xunzhi.reports.quantities import shown, whole_or
from xunzhi.reports.source import BETWEEN_EVENTS, Row, Source, counted_enough
from xunzhi.standards import Indicator, Revision

HEADS = ("indicator", "variation", "assurance", "value", "counts", "target", "previous", "year_before", "spark")
ASSURANCE = {1: "passes", 2: "fails", 3: "varies"}
GOOD = {"higher": 1, "lower": -1, "monitor": 0}
MARKS = {"numerator": "a", "name": "b", "none": "c"}
"""How far a definition was checked → its footnote; nothing to say where the formula was."""
TARGET_MARK = "d"


def indicators_of(source: Source, unit: str) -> list[Indicator]:
    """The indicators that a bulletin shows: all for the hospital, those with any result in a year for a department."""
    areas = list(source.pack.manifest.areas)
    every = sorted(source.pack.indicators.values(), key=lambda item: areas.index(item.area))
    if not unit:
        return every
    return [
        item
        for item in every
        if source.row(item.id, unit) or any(value is not None for value, _ in source.series(item.id, unit))
    ]


def grid(source: Source, unit: str, say: Messages) -> Grid:
    """The overview of the hospital, or of a department."""
    areas: dict[str, list[GridRow]] = {name: [] for name in source.pack.manifest.areas}
    for indicator in indicators_of(source, unit):
        areas[indicator.area].append(grid_row(source, indicator, unit, say))
    found = tuple(
        GridArea(source.pack.manifest.areas[name](say.language), tuple(rows)) for name, rows in areas.items() if rows
    )
    marks = sorted({mark for area in found for row in area.rows for mark in row.marks})
    notes = tuple(f"{mark}  {say(f'mark.{mark}')}" for mark in marks)
    heads = tuple(say(f"grid.{name}") for name in HEADS)
    return Grid(heads, found, _legend(say), notes)


def _legend(say: Messages) -> tuple[Verdict, ...]:
    """The icons explained, improvement and concern with both arrows."""
    variation = (("improvement", 1), ("concern", 1), ("both", 0), ("neutral", 1), ("common_cause", 0))
    assurance = ("passes", "fails", "varies")
    return (
        *(Verdict(kind, side, say(f"legend.{kind}")) for kind, side in variation),
        *(Verdict(kind, 0, say(f"legend.{kind}")) for kind in assurance),
        Verdict("none", 0, say("legend.none")),
    )


def grid_row(source: Source, indicator: Indicator, unit: str, say: Messages) -> GridRow:
    """One indicator's line."""
    row, decimals = source.row(indicator.id, unit), source.decimals[indicator.id]
    status = source.status(indicator.id, unit)
    series = source.series(indicator.id, unit)
    moved = variation(source, indicator, unit, say)
    definition, values = f"#i-{indicator.id}", f"#s-{indicator.id}"

    def number(value: float | None) -> Cell:
        return Cell(shown(value, decimals), value, decimals, values)

    target = indicator.target.value if indicator.target else None
    return GridRow(
        indicator.id,
        Cell(f"{indicator.label(say.language)} ({say.unit(indicator.unit)})", link=definition),
        number(row.value) if row and status == OK else Cell(say(f"state.{status}"), link=values, tone="muted"),
        Cell(counts(indicator, row), link=values),
        Cell(target_text(indicator, say), target, decimals, definition),
        number(row.previous if row else None),
        number(row.year_before if row else None),
        moved,
        assurance(source, indicator, unit, say),
        Spark(tuple(value for value, _ in series), target, moved.kind, bool(row and row.provisional)),
        _state(row, say),
        _marks(source, indicator),
    )


def counts(indicator: Indicator, row: Row | None) -> str:
    """Numerator and denominator, or the number of cases behind a mean."""
    if row is None or row.denominator is None:
        return ""
    if indicator.kind in ("proportion", "rate"):
        return f"{whole_or(row.numerator)} / {whole_or(row.denominator)}"
    return f"n = {whole_or(row.denominator)}" if indicator.kind in ("mean", "median", "quantile") else ""


def target_text(indicator: Indicator, say: Messages) -> str:
    """The target with its sense."""
    return say(f"target.{indicator.direction}", value=f"{indicator.target.value:,g}") if indicator.target else ""


def met(indicator: Indicator, value: float) -> bool:
    """Whether a value reaches the target; a target without a good side is reached exactly or not at all."""
    if indicator.target is None:
        raise ValueError(f"{indicator.id} has no target")
    goal = indicator.target.value
    return (
        value >= goal
        if indicator.direction == "higher"
        else value <= goal
        if indicator.direction == "lower"
        else value == goal
    )


def _state(row: Row | None, say: Messages) -> str:
    words = []
    if row and row.provisional:
        words.append(say("state.provisional"))
    if row and row.broken:
        words.append(say("state.broken"))
    return say.listed(words)


def _marks(source: Source, indicator: Indicator) -> tuple[str, ...]:
    mark = MARKS.get(revision_of(source, indicator).source.verified)
    target = TARGET_MARK if indicator.target and not indicator.target.verified else None
    return tuple(item for item in (mark, target) if item)


def revision_of(source: Source, indicator: Indicator) -> Revision:
    """The definition in force at the end of the period; the first one before any was."""
    year, month = map(int, source.last.split("-"))
    return indicator.revision_on(date(year, month, monthrange(year, month)[1])) or indicator.revisions[0]


def latest_point(source: Source, block: Block, row: int) -> int | None:
    """The chart's last point in the period."""
    wanted = np.zeros(len(block.months) + 1, dtype=bool)  # the last one for points without a month: -1
    wanted[[block.months.index(month) for month in source.months if month in block.months]] = True
    inside = np.flatnonzero(wanted[block.month_of_point[row]] & ~np.isnan(block.limits.value[row]))
    return int(inside[-1]) if inside.size else None


def variation(source: Source, indicator: Indicator, unit: str, say: Messages) -> Verdict:
    """Whether the indicator moved, by the last point of its chart in the period."""
    found = source.chart(indicator.id, unit)
    point = latest_point(source, *found) if found else None
    if found is None or point is None:
        return Verdict("none", 0, say("verdict.none"))
    block, row = found
    if not source.large_enough(block, row, _denominator(block, row, point)):
        return Verdict("none", 0, say("verdict.too_few"))
    kind = KINDS[int(block.verdicts[row, point])]
    return Verdict(kind, _side(block, row, point), say(f"verdict.{kind}"))


def _denominator(block: Block, row: int, point: int) -> float:
    return float(block.denominator[row, int(block.month_of_point[row, point])])


def _side(block: Block, row: int, point: int) -> int:
    """Where the indicator went: more cases between events is fewer events."""
    sides = {int(codes[row, point]) for codes in block.marks.values()} & {spc.HIGH, spc.LOW}
    side = sides.pop() if len(sides) == 1 else 0
    return -side if block.chart in BETWEEN_EVENTS else side


def assurance(source: Source, indicator: Indicator, unit: str, say: Messages) -> Verdict:
    """Whether the process as it is will reach its target.

    Limits that the last point belies describe a process that is no more: until they are set anew nothing is said.
    """
    found = source.chart(indicator.id, unit)
    if indicator.target is None:
        return Verdict("none", 0, say("assurance.no_target"))
    if found is None or found[0].chart in BETWEEN_EVENTS:
        return Verdict("none", 0, say("verdict.none"))
    block, row = found
    point = latest_point(source, block, row)
    if point is None or not source.large_enough(block, row, _denominator(block, row, point)):
        return Verdict("none", 0, say("verdict.too_few"))
    verdict = int(spc.assurance(block.limits, indicator.target.value, GOOD[indicator.direction])[row])
    kind = ASSURANCE.get(verdict, "none")
    if kind == ("fails" if met(indicator, float(block.limits.value[row, point])) else "passes"):
        return Verdict("none", 0, say("assurance.moving"))
    return Verdict(kind, 0, say(f"assurance.{kind}"))


def counted_targets(source: Source, unit: str) -> list[tuple[Indicator, float]]:
    """The indicators whose value in the period may be held against a target, with the value."""
    found = []
    for indicator in indicators_of(source, unit):
        row = source.row(indicator.id, unit)
        if indicator.target and row and row.value is not None and counted_enough(indicator, row.denominator):
            found.append((indicator, row.value))
    return found
