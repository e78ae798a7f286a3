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
from xunzhi.lake.sources import Broken, Loaded, RowSource, Streamed
from xunzhi.lake.values import typed
from xunzhi.standards import ColumnType, Pack

Step = Callable[[str], None]
WRONG_SQL = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.ConversionException,
    duckdb.PermissionException,
)


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
        """Load the sources; one that is read by a single feed, row by row, is mapped as it is read."""
        self.define_macros()
        for name, source in sources.items():
            self.step(f"read {Path(source.name).name if source.size() else name}")
            run = self._only_reader(name)
            if isinstance(source, Streamed) and run is not None and run.row_by_row:
                self._stream(name, source, run)
            else:
                self.loaded[name] = source.load(self.connection, name, self.scratch)

    def _only_reader(self, source: str) -> FeedRun | None:
        """The feed that reads a source, if nothing else does."""
        feeds = [(table, feed) for table, feeds in self.mapping.spec.tables.items() for feed in feeds]
        if self.mapping.spec.let or list(self.mapping.sources) != [source] or len(feeds) > 1:
            return None
        ((table, feed),) = feeds
        return self._feed_run(table, 0, source) if feed.relation == source else None

    def _stream(self, name: str, source: Streamed, run: FeedRun) -> None:
        def consume(lines: str, again: str) -> int:
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS FROM {again}")
            if RECORD in run.base_columns:
                raise self.mapping.fail((name,), f"a column can't be called {RECORD}; give headings: [a, b, …]")
            return run.map_rows(lines)

        self.loaded[name] = source.stream(self.connection, self.scratch / f"{name}.csv", consume)
        self.step(f"check {run.table.table}")
        self.checked[run.name] = run.judge()
        self.connection.execute(f"DROP VIEW {quoted(name)}")
        self.runs.append(run)

    def map(self) -> None:
        """Make the views of `let`, then run all feeds that haven't run.

        Raises:
            StandardsError: an expression that the sources can't answer, with file and line in the mapping.
        """
        for name, sql in self.mapping.spec.let.items():
            self.step(f"let {name}")
            self._materialise(name, sql, ("let", name))
        for table, feeds in self.mapping.spec.tables.items():
            for index, feed in enumerate(feeds):
                if f"{table}#{index + 1}" not in self.checked:
                    self.run_feed(table, index, self._base(table, index, feed.relation))

    def run_feed(self, table: str, index: int, base: str) -> None:
        """Map and check the rows of the DuckDB table `base` by a feed."""
        self.step(f"check {table}")
        run = self._feed_run(table, index, base)
        self.checked[run.name] = run.run()
        self.runs.append(run)

    def _feed_run(self, table: str, index: int, base: str) -> FeedRun:
        spec = self.mapping.sources.get(base) or next(iter(self.mapping.sources.values()))
        run = FeedRun(self.connection, self.mapping, self.pack, (table, index), base, spec)
        if run.name in self.checked:
            run.name = f"{run.feed_name}/{len(self.runs)}"
        return run

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
