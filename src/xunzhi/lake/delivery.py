"""A delivery: sources read, views made, every feed mapped and checked. Nothing is written to the lake yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Mapping as Names
from pathlib import Path

import duckdb

from xunzhi.lake.feeds import PART, RECORD, Checked, FeedRun
from xunzhi.lake.files import quoted
from xunzhi.lake.mapping import Mapping
from xunzhi.lake.sources import Broken, Loaded, RowSource
from xunzhi.lake.values import typed
from xunzhi.standards import ColumnType, Pack

Step = Callable[[str], None]
WRONG_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.ConversionException)


class Delivery:
    """What one run of a mapping brings, on a DuckDB connection with room for passing files in `scratch`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapping: Mapping, pack: Pack, scratch: Path, step: Step):
        self.connection = connection
        self.mapping = mapping
        self.pack = pack
        self.scratch = scratch
        self.step = step
        self.loaded: dict[str, Loaded] = {}
        self.checked: dict[str, Checked] = {}
        self.runs: list[FeedRun] = []

    @property
    def records(self) -> int:
        """Records read from all sources."""
        return sum(loaded.records for loaded in self.loaded.values())

    @property
    def broken(self) -> list[tuple[str, Broken]]:
        """Broken lines, each with the name of its source."""
        return [(name, line) for name, loaded in self.loaded.items() for line in loaded.broken]

    def read(self, sources: Names[str, RowSource]) -> None:
        """Load the sources."""
        for name, source in sources.items():
            self.step(f"read {Path(source.name).name if source.size() else name}")
            self.loaded[name] = source.load(self.connection, name, self.scratch)

    def map(self) -> None:
        """Make the views of `let`, then run all feeds.

        Raises:
            StandardsError: an expression that the sources can't answer, with file and line in the mapping.
        """
        self.define_macros()
        for name, sql in self.mapping.spec.let.items():
            self.step(f"let {name}")
            self._materialise(name, sql, ("let", name))
        for table, feeds in self.mapping.spec.tables.items():
            for index, feed in enumerate(feeds):
                self.run_feed(table, index, self._base(table, index, feed.relation))

    def run_feed(self, table: str, index: int, base: str) -> None:
        """Map and check the rows of the DuckDB table `base` by a feed."""
        self.step(f"check {table}")
        spec = self.mapping.sources.get(base) or next(iter(self.mapping.sources.values()))
        run = FeedRun(self.connection, self.mapping, self.pack, (table, index), base, spec)
        if run.name in self.checked:
            run.name = f"{run.feed_name}/{len(self.runs)}"
        self.checked[run.name] = run.run()
        self.runs.append(run)

    def forget_sources(self) -> None:
        """Give back the memory of what feeds read; what is needed of it stands in their tables."""
        for name in {*self.loaded, *self.mapping.spec.let, *(run.base for run in self.runs)}:
            self.connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")

    def _base(self, table: str, index: int, relation: str) -> str:
        """The table that a feed reads: a source, a view, or its own SELECT."""
        if relation in self.loaded or relation in self.mapping.spec.let:
            return relation
        name = f"rows for {table}#{index + 1}"
        self._materialise(name, relation, ("tables", table, index, "from"))
        return name

    def _materialise(self, name: str, sql: str, loc: tuple[str | int, ...]) -> None:
        if " " not in sql.strip():
            known = ", ".join([*self.loaded, *self.mapping.spec.let])
            raise self.mapping.fail(loc, f"no source or view {sql!r}; there are: {known}")
        try:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {sql}")
        except WRONG_SQL as error:
            raise self.mapping.fail(loc, str(error).split("\n")[0]) from error

    def define_macros(self) -> None:
        """as_datetime(x), as_date(x), as_number(x), as_integer(x), as_boolean(x): values as the lake reads them."""
        source = next(iter(self.mapping.sources.values()))
        for kind in (ColumnType.DATETIME, ColumnType.DATE, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.BOOLEAN):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP MACRO as_{kind}(x) AS {typed(kind, 'x', 'VARCHAR', source)}"
            )


def shape(columns: Names[str, str]) -> str:
    """Columns and their types as they are remembered with quarantined rows."""
    given = {name: kind for name, kind in columns.items() if name not in (RECORD, PART)}
    return json.dumps(given, ensure_ascii=False)
