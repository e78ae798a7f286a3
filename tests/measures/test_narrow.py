"""A month computed from the rows that it links to is the month computed from all rows, for every grain of the pack.

The rows are all worked cases of the catalogue at once, each as an institution of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.measures.worked_cases import all_rows
from xunzhi.measures.cube import compute, narrow
from xunzhi.measures.engine import DuckEngine
from xunzhi.measures.plan import plan
from xunzhi.standards import load_pack

PACK = load_pack()
PLANS = plan(PACK)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine.of(PACK, all_rows(PACK)) as engine:
        yield engine


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_month_needs_only_what_it_links_to(name: str, engine: DuckEngine) -> None:
    grain = PLANS[name].grain
    engine.widen({grain.base, *grain.links})
    whole = compute(engine, PLANS[name])
    for month in sorted(set(whole.sums["month"].to_pylist())):
        narrow(engine, grain, {month})
        found = compute(engine, PLANS[name], {month})
        engine.widen({grain.base, *grain.links})
        assert rows(found.sums) == rows(of_month(whole.sums, month))
        assert rows(found.values) == rows(of_month(whole.values, month))


def test_where_nothing_is_linked_nothing_is_shown(engine: DuckEngine) -> None:
    narrow(engine, PLANS["anaesthesia"].grain, {"1999-01"})
    assert engine.query("SELECT * FROM raw_emergency_visit").num_rows > 0
    assert engine.query("SELECT * FROM emergency_visit").num_rows == 0


def of_month(table: pa.Table, month: str) -> pa.Table:
    return table.filter(pc.equal(table["month"], month))


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=lambda row: tuple(map(str, row)))
