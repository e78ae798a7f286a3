"""The main job: bring the results up to date with the lake, computing again only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.lake import Lake, Snapshot
from xunzhi.measures.coverage import Coverage
from xunzhi.measures.cube import Cube, compute, month_of, narrow, widen
from xunzhi.measures.engine import RAW, DuckEngine, Engine
from xunzhi.measures.periods import PERIOD_KINDS, period_of
from xunzhi.measures.plan import GrainPlan, plan
from xunzhi.measures.results import Arithmetic, Fault
from xunzhi.measures.store import MeasureStore, State, merged
from xunzhi.standards import Grain, Pack

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are."""

OFFENDERS = 10
"""How many rows that contradict a definition are named."""

Spans = dict[str, dict[str, tuple[str, str, str]]]


@dataclass(frozen=True)
class Run:
    """What a computation did. `months` of a grain is None where all were computed."""

    lake_version: int
    months: Mapping[str, Collection[str] | None]
    periods: Collection[str] | None
    results: int
    faults: tuple[Fault, ...]
    seconds: float


def measure(
    lake: Lake,
    home: Path,
    *,
    full: bool = False,
    engine: Callable[[Snapshot], Engine] = DuckEngine.on,
    progress: Progress = lambda _what, _done, _of: None,
) -> Run:
    """Compute all indicators of the lake's pack for the newest lake version and store them.

    Args:
        lake: the facts.
        home: where measures are stored.
        full: compute everything anew, even what didn't change.
        engine: opens an engine on a version of the lake.
        progress: told of each step.

    Raises:
        MeasureError: if another computation is running.
    """
    store = MeasureStore(home)
    with store.writing():
        snapshot = lake.snapshot()
        try:
            return _measure(lake, snapshot, store, full, engine, progress)
        except Exception as error:
            store.fail(snapshot.version, error)
            raise


def _measure(
    lake: Lake,
    now: Snapshot,
    store: MeasureStore,
    full: bool,
    open_engine: Callable[[Snapshot], Engine],
    progress: Progress,
) -> Run:
    begun = time.monotonic()
    plans = plan(lake.pack)
    before = None if full else store.state()
    months = dirty_months(lake, now, before, plans)
    engine = open_engine(now)
    cubes: dict[str, Cube] = {}
    for done, (grain, grain_plan) in enumerate(plans.items()):
        progress(grain_plan.grain.label.zh, done, len(plans) + 1)
        cubes[grain] = _refreshed(engine, grain_plan, store, months[grain])
    progress("指标", len(plans), len(plans) + 1)
    as_of = now.at.time.date() if now.version else datetime.now().astimezone().date()
    coverage = Coverage({name: cube.sums for name, cube in cubes.items()}, as_of, lake.pack.manifest.settle_days)
    state = _state(lake.pack, now, as_of, plans, coverage.spans())
    periods = _dirty_periods(before, state, months, as_of)
    arithmetic = Arithmetic(lake.pack, _only_years(cubes, periods), coverage, now.version, periods)
    table = arithmetic.table()
    if periods is None or periods:
        store.put_results(table, periods)
    faults = tuple(_with_cases(engine, lake.pack, fault) for fault in arithmetic.faults)
    store.finish(State(**{**state.__dict__, "faults": {fault.indicator: fault.message for fault in faults}}))
    progress("指标", len(plans) + 1, len(plans) + 1)
    return Run(now.version, months, periods, table.num_rows, faults, time.monotonic() - begun)


def _with_cases(engine: Engine, pack: Pack, fault: Fault) -> Fault:
    """The fault with the first rows that are to blame."""
    if fault.grain is None:
        return fault
    grain = pack.grains[fault.grain]
    keys = ", ".join(["institution", *grain.key])
    sql = f"SELECT {keys} FROM ({grain.sql.strip()}) AS g WHERE {fault.condition} ORDER BY {keys} LIMIT {OFFENDERS}"
    rows = [" ".join(str(value) for value in row.values()) for row in engine.query(sql).to_pylist()]
    return replace(fault, message=f"{fault.message}: {'; '.join(rows)}")


def _state(pack: Pack, now: Snapshot, as_of: date, plans: Mapping[str, GrainPlan], spans: Spans) -> State:
    finished = datetime.now().astimezone().isoformat(timespec="seconds")
    grains = {name: grain_plan.fingerprint for name, grain_plan in plans.items()}
    return State(now.version, pack.fingerprint, as_of.isoformat(), finished, grains, spans)


def _refreshed(engine: Engine, grain_plan: GrainPlan, store: MeasureStore, months: Collection[str] | None) -> Cube:
    """The grain's cube, with the given months computed again; stored if anything was."""
    grain = grain_plan.grain
    old = None if months is None else store.cube(grain.grain)
    if months is not None and not months and old is not None:
        return old
    months = None if old is None else months
    if months is not None:
        narrow(engine, grain, months)
    try:
        cube = merged(old, compute(engine, grain_plan, months), months)
    finally:
        widen(engine, grain)
    store.put_cube(grain.grain, cube)
    return cube


def dirty_months(
    lake: Lake, now: Snapshot, before: State | None, plans: Mapping[str, GrainPlan]
) -> dict[str, set[str] | None]:
    """For each grain the months whose rows may differ from those last computed; None for all of them."""
    if before is None or before.lake_version == 0:
        return dict.fromkeys(plans)
    then = lake.snapshot(before.lake_version)
    changed = set(now.changed_tables(then)) & set(lake.pack.tables)
    same = {name for name, grain_plan in plans.items() if before.grains.get(name) == grain_plan.fingerprint}
    with DuckEngine.on(now) as engine:
        return {
            name: _dirty(engine, grain_plan.grain, now, then, changed) if name in same else None
            for name, grain_plan in plans.items()
        }


def _dirty(engine: DuckEngine, grain: Grain, now: Snapshot, then: Snapshot, changed: set[str]) -> set[str] | None:
    found: set[str] = set()
    if grain.base in changed:
        rows = f"SELECT DISTINCT {month_of(grain.time)} AS month FROM ({now.changed_sql(grain.base, then)}) AS c"
        found |= _column(engine, rows)
    for table in sorted(changed & set(grain.links)):
        link = grain.links[table]
        if link.by is None:
            return None
        near = (
            f" AND b.{grain.time} BETWEEN c.{link.time} + INTERVAL ({link.days[0]}) DAY"
            f" AND c.{link.time} + INTERVAL ({link.days[1] + 1}) DAY"
            if link.days
            else ""
        )
        found |= _column(
            engine,
            f"SELECT DISTINCT {month_of('b.' + grain.time)} AS month FROM {RAW}{grain.base} AS b "
            f"JOIN ({now.changed_sql(table, then)}) AS c "
            f"ON b.institution = c.institution AND b.{link.by} = c.{link.by}{near}",
        )
    return found


def _column(engine: DuckEngine, sql: str) -> set[str]:
    return {month for month in engine.query(sql)["month"].to_pylist() if month is not None}


def _dirty_periods(
    before: State | None, state: State, months: Mapping[str, Collection[str] | None], as_of: date
) -> set[str] | None:
    """The periods whose results may differ; None for all.

    Beside the months of changed facts these are the ones that were provisional, and those that a grain has newly
    reached (an absent numerator there turns from unknown into zero).
    """
    if before is None or before.pack != state.pack or any(found is None for found in months.values()):
        return None
    found = {month for dirty in months.values() for month in dirty or ()}
    since = _unsettled_since(before, state)
    if since is None:
        return None
    first = min([since, before.as_of[:7], *found])
    last = max([as_of.isoformat()[:7], *found, *(span[1] for grain in state.spans.values() for span in grain.values())])
    touched = {month for month in _months(first, last) if month in found or month >= since}
    return {period_of(month, kind) for month in touched for kind in PERIOD_KINDS}


def _unsettled_since(before: State, state: State) -> str | None:
    """The first month that could be provisional before, or whose coverage grew; None if coverage changed otherwise."""
    since = date.fromisoformat(before.as_of)
    edge = [f"{since.year - (since.month <= 2)}-{(since.month - 3) % 12 + 1:02d}"]
    if set(before.spans) != set(state.spans):
        return None
    for grain, spans in state.spans.items():
        for institution in {*spans, *before.spans[grain]}:
            old, new = before.spans[grain].get(institution), spans.get(institution)
            if old is None or new is None or old[0] != new[0] or bool(old[2]) != bool(new[2]) or new[2] < old[2]:
                return None
            if tuple(old) != tuple(new):
                edge.append(min(old[1], old[2][:7] or old[1]))
    return min(edge)


def _months(first: str, last: str) -> list[str]:
    year, month = map(int, first.split("-"))
    found = []
    while f"{year}-{month:02d}" <= last:
        found.append(f"{year}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _only_years(cubes: Mapping[str, Cube], periods: Collection[str] | None) -> dict[str, Cube]:
    """The cubes without the years in which no period is wanted."""
    if periods is None:
        return dict(cubes)
    years = {period[:4] for period in periods}
    return {name: Cube(_of_years(cube.sums, years), _of_years(cube.values, years)) for name, cube in cubes.items()}


def _of_years(table: pa.Table, years: Collection[str]) -> pa.Table:
    return table.filter(pc.is_in(pc.utf8_slice_codeunits(table["month"], 0, 4), pa.array(sorted(years), pa.string())))
