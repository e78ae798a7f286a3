"""Which numbers a catalogue needs from each grain, each number once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from xunzhi.standards import Aggregate, Grain, Indicator, Pack
from xunzhi.standards.indicators import ALL

CellKind = Literal["count", "sum", "values", "items"]


@dataclass(frozen=True)
class Cell:
    """One column of a cube.

    `count` and `sum` add up over months and units. `values` (for quantiles) and `items` (for distinct counts) are kept
    as value → number of rows, which add up too, so that any roll-up of them is exact.
    """

    kind: CellKind
    expression: str
    where: str | None = None

    @property
    def id(self) -> str:
        """Column name: the same for the same definition, whoever asks."""
        text = "\x00".join((self.kind, self.expression, self.where or ""))
        return f"{self.kind[0]}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def condition(self) -> str:
        """Rows that count, as SQL."""
        if self.kind == "count":
            return "TRUE" if self.expression == ALL else self.expression
        present = f"({self.expression}) IS NOT NULL"
        return f"({self.where}) AND {present}" if self.where else present


def cells_of(aggregate: Aggregate) -> tuple[Cell, ...]:
    """The cells that an aggregate is computed from: for a mean its count, sum and sum of squares."""
    expression, where = aggregate.expression, aggregate.where
    match aggregate.function:
        case "count":
            return (Cell("count", expression),)
        case "sum":
            return (Cell("sum", expression, where),)
        case "distinct":
            return (Cell("items", expression, where),)
        case "mean":
            rows = Cell("sum", expression, where).condition
            return (
                Cell("count", rows),
                Cell("sum", expression, where),
                Cell("sum", f"({expression}) * ({expression})", where),
            )
        case _:
            return (Cell("values", expression, where),)


def outside_cell(indicator: Indicator, numerator: Aggregate, denominator: Aggregate) -> Cell | None:
    """Counts rows of a proportion's numerator that are not in its denominator: must be none."""
    if indicator.kind != "proportion" or denominator.expression == ALL:
        return None
    return Cell("count", f"({numerator.expression}) AND NOT coalesce({denominator.expression}, FALSE)")


@dataclass(frozen=True)
class GrainPlan:
    """All cells to compute over one grain."""

    grain: Grain
    cells: tuple[Cell, ...]

    @property
    def fingerprint(self) -> str:
        """Changes when anything changes that the cube of the grain depends on, data apart."""
        parts = [self.grain.model_dump_json(), *sorted(cell.id for cell in self.cells)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def plan(pack: Pack, indicators: Iterable[Indicator] | None = None) -> dict[str, GrainPlan]:
    """The plan of each grain that the indicators (default: all) need."""
    cells: dict[str, dict[str, Cell]] = {}
    for indicator in indicators if indicators is not None else pack.indicators.values():
        for grain, cell in _needed(indicator):
            cells.setdefault(grain, {})[cell.id] = cell
    return {
        name: GrainPlan(pack.grains[name], tuple(found[key] for key in sorted(found)))
        for name, found in sorted(cells.items())
    }


def _needed(indicator: Indicator) -> Iterable[tuple[str, Cell]]:
    for revision in indicator.revisions:
        numerator, denominator = revision.numerator, revision.denominator
        for part in (numerator, denominator):
            if isinstance(part, Aggregate):
                yield from ((part.grain, cell) for cell in cells_of(part))
        if isinstance(numerator, Aggregate) and isinstance(denominator, Aggregate):
            outside = outside_cell(indicator, numerator, denominator)
            if outside:
                yield numerator.grain, outside
