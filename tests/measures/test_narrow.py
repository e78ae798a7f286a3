"""A month computed from the rows that it links to is the month computed from all rows, for every grain of the pack.

The rows are all worked cases of the catalogue at once, each as an institution of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.measures.worked_cases import all_rows
from xunzhi.measures.cube import HOSPITAL, compute, narrow
from xunzhi.measures.engine import DuckEngine
from xunzhi.measures.plan import plan
from xunzhi.measures.proof import results_of
from xunzhi.standards import Aggregate, Indicator, load_pack

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


def test_an_operation_under_another_number_of_the_patient_counts_in_its_month(engine: DuckEngine) -> None:
    """O2 lies in P2's stay but says P1, whose operation of the month before it names as the previous one."""
    stay = {"institution": ["H1"] * 2, "encounter_id": ["E1", "E2"], "patient_id": ["P1", "P2"]}
    days = {"admission_time": ["2026-02-26", "2026-03-01"], "discharge_time": ["2026-02-28", "2026-03-09"]}
    operation = {
        "institution": ["H1"] * 2, "operation_id": ["O1", "O2"], "encounter_id": ["E1", "E2"], "patient_id": ["P1"] * 2,
        "start_time": ["2026-02-27 08:00", "2026-03-02 08:00"], "end_time": ["2026-02-27 09:00", "2026-03-02 09:00"],
        "unplanned_return": ["true"] * 2, "previous_operation_id": [None, "O1"],
    }  # fmt: skip
    with DuckEngine.of(PACK, {"encounter": pa.table(stay | days), "operation": pa.table(operation)}) as own:
        whole = compute(own, PLANS["surgical_stay"])
        narrow(own, PLANS["surgical_stay"].grain, {"2026-03"})
        month = compute(own, PLANS["surgical_stay"], {"2026-03"})
    assert rows(month.sums) == rows(of_month(whole.sums, "2026-03")) != []


def rates() -> list[Indicator]:
    """Indicators with both sides counted in grains."""
    return [one for one in PACK.indicators.values() if isinstance(one.revisions[-1].denominator, Aggregate)]


def test_where_one_side_is_not_counted_there_is_no_rate(engine: DuckEngine) -> None:
    engine.widen(PACK.tables)
    found = results_of(engine, PACK, PACK.indicators, date(2099, 1, 1)).table().to_pylist()
    strata = {indicator.id: set[str]() for indicator in rates()}
    for row in found:
        if row["indicator"] in strata:
            strata[row["indicator"]].add(row["stratum"])
    for indicator in rates():
        for revision in indicator.revisions:
            for side in (revision.numerator, revision.denominator):
                assert strata[indicator.id] <= {HOSPITAL, *PACK.grains[side.grain].strata}, indicator.id
    assert strata["inpatient_mortality_rate"] >= {"disease", "doctor"}
    assert strata["cs04_unplanned_surgery"] == {HOSPITAL, "department", "ward", "doctor"}
