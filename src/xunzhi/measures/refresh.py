"""Bringing the stored cubes up to date: what changed little is looked up, the rest is read in one scan a grain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pyarrow as pa

from xunzhi.lake import Snapshot
from xunzhi.measures.coverage import reach
from xunzhi.measures.cube import Cube, compute, narrow
from xunzhi.measures.dirty import Months
from xunzhi.measures.engine import Engine
from xunzhi.measures.plan import GrainPlan
from xunzhi.measures.store import MeasureStore, grouped, in_order, joined, merged, without

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are."""

BATCH = 60_000_000
"""About so many rows, of all tables together, are computed at once: memory stays flat however many institutions."""

FEW = 1 / 3
"""Up to this share of its months a grain looks for the rows that it needs; beyond, reading all of them is quicker."""


class Refresh:
    """Computes the months of each grain that must be computed again, and stores them.

    Attributes:
        reached: how far each grain reaches; complete after :meth:`run`.
    """

    def __init__(
        self,
        engine: Engine,
        now: Snapshot,
        store: MeasureStore,
        plans: Mapping[str, GrainPlan],
        months: Mapping[str, Months],
    ):
        self.engine = engine
        self.now = now
        self.store = store
        self.plans = plans
        self.months = months
        self.reached: dict[str, pa.Table] = {
            grain: rows for grain, rows in (store.reach() or {}).items() if grain in plans
        }

    def run(self, progress: Progress) -> None:
        """Do it, telling of each step."""
        many = [name for name in self.plans if self._is_wide(name)]
        few = [name for name in self.plans if self.months[name] and name not in many]
        groups = batches(self.now) if many else []
        steps, done = len(groups) * len(many) + len(few) + 1, 0
        parts: dict[str, list[Cube]] = {name: [] for name in many}
        for group in groups:
            self.engine.limit(group)
            for name in many:
                progress(self.plans[name].grain.label.zh, done, steps)
                parts[name].append(compute(self.engine, self.plans[name], self.months[name]))
                done += 1
        self.engine.limit(None)
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(lambda name: self._put(name, joined(parts.pop(name))), many):
                pass
        for name, new in self._narrowed(few):
            progress(self.plans[name].grain.label.zh, done, steps)
            self._put(name, new)
            done += 1
        progress("指标", done, steps)
        self.store.put_reach(self.reached)

    def _is_wide(self, name: str) -> bool:
        months = self.months[name]
        return months is None or len(months) > FEW * len(self.now.months(self.plans[name].grain.base))

    def _narrowed(self, names: list[str]) -> Iterator[tuple[str, Cube]]:
        """The cubes of grains of which few months are computed, two grains at once: none keeps a machine busy."""
        if not names:
            return
        with self.engine.beside() as other, ThreadPoolExecutor(2) as pool:
            free: SimpleQueue[Engine] = SimpleQueue()
            free.put(self.engine)
            free.put(other)

            def narrowed(name: str) -> Cube:
                engine = free.get()
                try:
                    return self._narrow(engine, name)
                finally:
                    free.put(engine)

            yield from zip(names, pool.map(narrowed, names), strict=True)

    def _narrow(self, engine: Engine, name: str) -> Cube:
        grain, months = self.plans[name].grain, self.months[name]
        narrow(engine, grain, months or ())
        try:
            return compute(engine, self.plans[name], months)
        finally:
            engine.widen({grain.base, *grain.links})

    def _put(self, name: str, new: Cube) -> None:
        """Store what was computed of a grain in place of what it replaces."""
        months = self.months[name]
        if months is None:
            self.store.put_cube(name, in_order(new), None)
            self.reached[name] = reach(new.sums)
            return
        years = {month[:4] for month in months}
        self.store.put_cube(name, merged(self.store.cube(name, years), new, months), years)
        found = reach(new.sums)
        old = self.reached.get(name, found.schema.empty_table())  # a grain without rows reaches nowhere
        self.reached[name] = pa.concat_tables([without(old.cast(found.schema), months), found])


def batches(now: Snapshot) -> list[tuple[str, ...] | None]:
    """The institutions in groups of about `BATCH` rows; a single None for all of them if they are one group."""
    rows: Counter[str] = Counter()
    for table in sorted(now.pack.tables.keys() & now.at.tables.keys()):
        for file in now.data_files(table):
            rows[file.institution] += file.rows
    groups = grouped(rows, BATCH)
    return [*groups] if len(groups) > 1 else [None]
