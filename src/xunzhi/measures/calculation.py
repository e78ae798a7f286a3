"""Results from stored cubes: of everything, or only of what changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.measures.coverage import Coverage
from xunzhi.measures.cube import HOSPITAL, Cube
from xunzhi.measures.faults import Fault, contradictions
from xunzhi.measures.periods import PERIOD_KINDS, kind_of, period_of
from xunzhi.measures.results import Arithmetic, sources
from xunzhi.measures.store import MeasureStore, Rows, grouped, joined, within
from xunzhi.standards import Pack

BATCH = 200_000
"""Results are computed of about so many rows of cubes at once: memory stays flat however many institutions."""


@dataclass(frozen=True)
class Calculation:
    """Computes results from the cubes in a store, and stores them there."""

    pack: Pack
    store: MeasureStore
    coverage: Coverage
    lake_version: int
    _read: dict[tuple[str, str], Cube] = field(default_factory=dict, repr=False)

    def all(self) -> tuple[int, Sequence[Fault]]:
        """Results of all indicators in all periods: how many, and what could not be computed."""
        grains, years = self._grains(self.pack.indicators), {month[:4] for month in self.coverage.all_months}
        institutions = {grain: self.store.cube(grain, years, ("stratum", [HOSPITAL])) for grain in grains}
        faults = contradictions(self.pack, institutions)
        groups = grouped(self.store.sizes(grains), BATCH)
        parts: list[Rows | None] = [None] if len(groups) == 1 else [("institution", group) for group in groups]

        def table(part: Rows | None) -> pa.Table:
            cubes = {grain: self.store.cube(grain, years, part) for grain in grains}
            return Arithmetic(self.pack, cubes, self.coverage, self.lake_version, known_faults=faults).table()

        return self.store.put_all_results(_in_pairs(table, parts)), faults

    def some(
        self, unsettled: Collection[str], changed: Collection[str], grains: Collection[str]
    ) -> tuple[int, Sequence[Fault]]:
        """Results of all indicators in some periods, and in others of those alone that some grains bear on.

        With a fault nothing is stored: the indicator must lose its results in all periods.
        """
        touched = {
            name for name, indicator in self.pack.indicators.items() if self._grains([indicator.id]) & set(grains)
        }
        parts = [*self._of(unsettled, self.pack.indicators.keys()), *self._of(changed, touched)]
        with ThreadPoolExecutor(2) as pool:
            tables = [*pool.map(Arithmetic.table, parts)]
        faults = [fault for part in parts for fault in part.faults]
        if not faults:
            old = self.store.results_of(changed)
            kept = old.filter(pc.invert(pc.is_in(old["indicator"], pa.array(sorted(touched), pa.string()))))
            self.store.put_results(pa.concat_tables([*tables, kept]), {*unsettled, *changed})
        return sum(table.num_rows for table in tables), faults

    def _of(self, periods: Collection[str], indicators: Collection[str]) -> Iterable[Arithmetic]:
        """The arithmetic of some indicators in some periods, each kind of period over its own months only."""
        for kind in PERIOD_KINDS:
            wanted = {period for period in periods if kind_of(period) == kind}
            months = [month for month in self.coverage.all_months if period_of(month, kind) in wanted]
            if months and indicators:
                yield Arithmetic(
                    self.pack, self._cubes(indicators, months), self.coverage, self.lake_version,
                    months=months, kinds=(kind,), periods=wanted, only=indicators,
                )  # fmt: skip

    def _grains(self, indicators: Iterable[str]) -> set[str]:
        return {grain for name in indicators for grain, _ in sources(self.pack, self.pack.indicators[name])}

    def _cubes(self, indicators: Iterable[str], months: Collection[str]) -> Mapping[str, Cube]:
        """The stored cubes that indicators need, over some months."""
        years = sorted({month[:4] for month in months})
        found = {grain: joined([self._year(grain, year) for year in years]) for grain in self._grains(indicators)}
        return {grain: Cube(within(cube.sums, months), within(cube.values, months)) for grain, cube in found.items()}

    def _year(self, grain: str, year: str) -> Cube:
        """The stored cube of a grain over a year, read once."""
        if (grain, year) not in self._read:
            self._read[grain, year] = self.store.cube(grain, [year])
        return self._read[grain, year]


def _in_pairs(table: Callable[[Rows | None], pa.Table], parts: Iterable[Rows | None]) -> Iterator[pa.Table]:
    """The tables of parts, in their order; while one is used the next two are computed, and no more are held."""
    with ThreadPoolExecutor(2) as pool:
        ahead: deque[Future[pa.Table]] = deque()
        for part in parts:
            ahead.append(pool.submit(table, part))
            if len(ahead) > 2:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
