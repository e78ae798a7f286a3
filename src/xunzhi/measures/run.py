"""The main job: bring the results up to date with the lake, computing again only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xunzhi.lake import Lake, Snapshot
from xunzhi.measures.calculation import Calculation
from xunzhi.measures.coverage import Coverage
from xunzhi.measures.dirty import Changes, Months, dirty_months, dirty_periods
from xunzhi.measures.engine import DuckEngine, Engine
from xunzhi.measures.faults import Fault
from xunzhi.measures.plan import GrainPlan, plan
from xunzhi.measures.refresh import Progress, Refresh
from xunzhi.measures.store import MeasureStore, State
from xunzhi.standards import Pack

OFFENDERS = 10
"""How many rows that contradict a definition are named."""


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
    engine = open_engine(now)
    months = _months(lake, now, before, plans, store, engine)
    cubes = Refresh(engine, now, store, plans, months)
    cubes.run(progress)
    as_of = now.at.time.date() if now.version else datetime.now().astimezone().date()
    coverage = Coverage(cubes.reached, as_of, lake.pack.manifest.settle_days)
    state = State(
        now.version, lake.pack.fingerprint, as_of.isoformat(), _now(),
        {name: grain_plan.fingerprint for name, grain_plan in plans.items()}, coverage.spans(),
    )  # fmt: skip
    calculation = Calculation(lake.pack, store, coverage, now.version)
    followed = max((grain.follow_up_days(*grain.columns) for grain in lake.pack.grains.values()), default=0)
    periods = dirty_periods(before, state, months, (lake.pack.manifest.settle_days, followed))
    if periods:
        results, faults = calculation.some(*periods, [name for name, found in months.items() if found])
    if not periods or faults:  # what new facts contradict must lose its results in every period
        periods = None
        results, faults = calculation.all()
    named = tuple(_with_cases(engine, lake.pack, fault) for fault in faults)
    store.finish(replace(state, faults={fault.indicator: fault.message for fault in named}))
    everything = periods and {*periods[0], *periods[1]}
    return Run(now.version, months, everything, results, named, time.monotonic() - begun)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _months(
    lake: Lake,
    now: Snapshot,
    before: State | None,
    plans: Mapping[str, GrainPlan],
    store: MeasureStore,
    engine: Engine,
) -> dict[str, Months]:
    """For each grain the months to compute again; all of them where its definition changed or nothing is stored."""
    if before is None or before.lake_version == 0 or store.reach() is None:
        return dict.fromkeys(plans)
    with _duckdb(engine, now) as duck:
        changes = Changes(duck, lake.pack, now, lake.snapshot(before.lake_version))
        return {
            name: dirty_months(changes, grain_plan.grain) if before.grains.get(name) == grain_plan.fingerprint else None
            for name, grain_plan in plans.items()
        }


@contextmanager
def _duckdb(engine: Engine, now: Snapshot) -> Iterator[DuckEngine]:
    """DuckDB finds what changed, whichever engine computes: it opens a few files only."""
    if isinstance(engine, DuckEngine):
        yield engine
    else:
        with DuckEngine.on(now) as own:
            yield own


def _with_cases(engine: Engine, pack: Pack, fault: Fault) -> Fault:
    """The fault with the first rows that are to blame."""
    if fault.grain is None:
        return fault
    grain = pack.grains[fault.grain]
    keys = ", ".join(["institution", *grain.key])
    sql = f"SELECT {keys} FROM ({grain.sql.strip()}) AS g WHERE {fault.condition} ORDER BY {keys} LIMIT {OFFENDERS}"
    rows = [" ".join(str(value) for value in row.values()) for row in engine.query(sql).to_pylist()]
    return replace(fault, message=f"{fault.message}: {'; '.join(rows)}")
