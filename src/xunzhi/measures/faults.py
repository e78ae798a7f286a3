"""Indicators that can't be computed because facts contradict their definition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.measures.cube import HOSPITAL, Cube
from xunzhi.measures.plan import Cell, outside_cell
from xunzhi.standards import Aggregate, Indicator, Pack
from xunzhi.standards.indicators import Reference


@dataclass(frozen=True)
class Fault:
    """An indicator that could not be computed, and why; `condition` finds the rows of `grain` that are to blame."""

    indicator: str
    message: str
    grain: str | None = None
    condition: str | None = None


def outside_cells(indicator: Indicator) -> Iterator[tuple[Cell, str]]:
    """The cells that count numerator rows outside the denominator, with their grains."""
    for revision in indicator.revisions:
        numerator, denominator = revision.numerator, revision.denominator
        if isinstance(numerator, Aggregate) and isinstance(denominator, Aggregate):
            cell = outside_cell(indicator, numerator, denominator)
            if cell:
                yield cell, numerator.grain


def contradictions(pack: Pack, cubes: Mapping[str, Cube], indicators: Collection[str] | None = None) -> list[Fault]:
    """A fault for each indicator (default: of all) with numerator rows that are not in its denominator, and for each
    that refers to such a one.
    """
    whole = {grain: _whole_institutions(cube) for grain, cube in cubes.items()}
    found: dict[str, Fault] = {}
    wanted = [item for name, item in pack.indicators.items() if indicators is None or name in indicators]
    for indicator in wanted:
        for cell, grain in outside_cells(indicator):
            rows = pc.sum(whole[grain][cell.id]).as_py()
            if rows:
                text = f"{rows:.0f} rows of {grain} are in the numerator but not in the denominator ({cell.expression})"
                found.setdefault(indicator.id, Fault(indicator.id, text, grain, cell.expression))
    for indicator in wanted:
        for name in _referred(pack, indicator):
            if name in found:
                found.setdefault(indicator.id, Fault(indicator.id, f"{name} could not be computed"))
    return list(found.values())


def _whole_institutions(cube: Cube) -> pa.Table:
    return cube.sums.filter(pc.equal(cube.sums["stratum"], HOSPITAL))


def _referred(pack: Pack, indicator: Indicator) -> Iterator[str]:
    """The indicators that one is made of, directly or not."""
    for revision in indicator.revisions:
        for part in (revision.numerator, revision.denominator):
            if isinstance(part, Reference):
                yield part.indicator
                yield from _referred(pack, pack.indicators[part.indicator])
