"""Engines: whatever runs SQL over the lake's files and returns Arrow. Standards are written in DuckDB's SQL."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from xunzhi.lake import Snapshot
    from xunzhi.standards import Pack

RAW = "raw_"

MEMORY = 4_000_000_000
"""Bytes that DuckDB may use, unless told otherwise: the rest of the program needs its share of a common machine."""

Within = Mapping[str, tuple[str, str]]
"""Column → lowest and highest value wanted; of dates and times as 'YYYY-MM-DD'."""


class Engine(Protocol):
    """Runs SQL over views named like canonical tables.

    The rows as stored are visible as `raw_<table>`; `<table>` is what grains read, and can be narrowed.
    """

    name: str

    def limit(self, institutions: Collection[str] | None) -> None:
        """Show the rows of some institutions only; None for all. Defined tables are whole again."""

    def widen(self, tables: Iterable[str]) -> None:
        """Show all rows of tables that were defined otherwise."""

    def query(self, sql: str) -> pa.Table:
        """Run a SELECT."""

    def define(self, view: str, sql: str) -> None:
        """Create or replace a view."""

    def keep(self, table: str, sql: str) -> None:
        """Create or replace a table for this engine only: what is read many times is computed once."""

    def forget(self, table: str) -> None:
        """Give up the memory of a table that was kept."""

    def rows(self, table: str, within: Within) -> str:
        """A SELECT of at least the rows of a table that have these columns in these ranges."""

    def beside(self) -> AbstractContextManager[Engine]:
        """Another engine on all rows of the same lake, with views and tables of its own, for another thread."""


_WORD = re.compile(r"(?<![/\w])\w+")
"""A word that is not a folder's or file's name."""


class DuckEngine:
    """DuckDB in this process: the default. Views of the tables are made when a statement first names them."""

    name = "duckdb"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        snapshot: Snapshot | None = None,
        given: Mapping[str, str] | None = None,
    ):
        """The tables are those of a snapshot, or the SELECTs in `given`."""
        self.connection = connection
        self.snapshot = snapshot
        self._given = given or {}
        self._institutions: Collection[str] | None = None
        self._shown: set[str] = set()

    @classmethod
    def on(cls, snapshot: Snapshot, *, memory: str | None = None, spill: Path | None = None) -> DuckEngine:
        """An engine on a version of the lake.

        `memory` like '4GB' (the default, or half of a small machine) limits it; the rest spills to the folder `spill`.
        """
        return cls(duckdb.connect(config=_limits(memory, spill)), snapshot)

    @classmethod
    def of(cls, pack: Pack, rows: Mapping[str, pa.Table]) -> DuckEngine:
        """An engine on tables in memory, for worked cases and dry runs; tables not given are empty."""
        connection = duckdb.connect()
        given = {}
        for table, columns in pack.schema.items():
            known = rows[table].column_names if table in rows else ()
            selected = ", ".join(
                f"CAST({quoted if column in known else 'NULL'} AS {kind}) AS {quoted}"
                for column, kind in columns.items()
                for quoted in [f'"{column}"']
            )
            given[table] = f"SELECT {selected} " + (f"FROM given_{table}" if table in rows else "WHERE FALSE")
            if table in rows:
                connection.register(f"given_{table}", rows[table])
        return cls(connection, given=given)

    def limit(self, institutions: Collection[str] | None) -> None:
        """Show the rows of some institutions only."""
        self._institutions = institutions
        self._shown.clear()

    def widen(self, tables: Iterable[str]) -> None:
        """Show all rows of tables again."""
        self._shown.difference_update(tables)

    def query(self, sql: str) -> pa.Table:
        """Run a SELECT."""
        self._show(sql)
        return self.connection.sql(sql).to_arrow_table()

    def define(self, view: str, sql: str) -> None:
        """Create or replace a view."""
        self._show(sql)
        self._create("VIEW", view, sql)
        self._shown.add(view)

    def keep(self, table: str, sql: str) -> None:
        """Create or replace a temporary table."""
        self._show(sql)
        self._create("TABLE", table, sql)

    def forget(self, table: str) -> None:
        """Drop a temporary table."""
        self.connection.execute(f'DROP TABLE "{table}"')

    def _create(self, kind: str, name: str, sql: str) -> None:
        self.connection.execute(f'CREATE OR REPLACE TEMP {kind} "{name}" AS {sql}')

    def _show(self, sql: str) -> None:
        """Make views of the tables that a statement names: opening them all takes longer than many a query."""
        for word in sorted(set(_WORD.findall(sql)) - self._shown):
            table = word.removeprefix(RAW)
            if not self._is_table(table):
                continue
            if RAW + table not in self._shown:
                self._create("VIEW", RAW + table, self._stored(table))
            if word == table:
                self._create("VIEW", table, f"SELECT * FROM {RAW}{table}")
            self._shown |= {word, RAW + table}

    def _is_table(self, name: str) -> bool:
        return name in (self.snapshot.pack.tables if self.snapshot else self._given)

    def _stored(self, table: str) -> str:
        """A SELECT of a table's rows."""
        if self.snapshot is None:
            return self._given[table]
        return self.snapshot.view_sql(table, institutions=self._institutions)

    def rows(self, table: str, within: Within) -> str:
        """A SELECT that leaves out the files that can't have such rows."""
        return self.snapshot.view_sql(table, within=within) if self.snapshot else f"SELECT * FROM {RAW}{table}"

    @contextmanager
    def beside(self) -> Iterator[DuckEngine]:
        """Another connection to the same database: memory and threads are shared."""
        with DuckEngine(self.connection.cursor(), self.snapshot) as other:
            yield other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()


def _limits(memory: str | None, spill: Path | None) -> dict[str, Any]:
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    limits: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory or f"{min(MEMORY, half)}B",
    }
    if spill:
        limits["temp_directory"] = str(spill)
    return limits


_SPARK_TYPES = {"VARCHAR": "STRING"}


class SparkEngine:
    """Apache Spark, for data that outgrow a machine (extra `spark`)."""

    name = "spark"

    def __init__(self, session: Any, snapshot: Snapshot):
        self.session = session
        self.snapshot = snapshot

    @classmethod
    def on(cls, snapshot: Snapshot, session: Any) -> SparkEngine:
        """An engine on a version of the lake, in a Spark session whose time zone is UTC (times are wall clocks)."""
        engine = cls(session, snapshot)
        engine.limit(None)
        return engine

    def limit(self, institutions: Collection[str] | None) -> None:
        """Show the rows of some institutions only."""
        for table, columns in self.snapshot.pack.schema.items():
            files = [str(file) for file in self.snapshot.files(table, institutions=institutions)]
            self._define_files(RAW + table, files, dict(columns))
        self.widen(self.snapshot.pack.schema)

    def widen(self, tables: Iterable[str]) -> None:
        """Show all rows of tables again."""
        for table in tables:
            self.define(table, f"SELECT * FROM {RAW}{table}")

    def _define_files(self, view: str, files: list[str], columns: dict[str, str]) -> None:
        """A view of Parquet files, or an empty one; naming the columns spares Spark a job to look for them."""
        schema = ", ".join(f"`{name}` {_SPARK_TYPES.get(kind, kind)}" for name, kind in columns.items())
        if files:
            self.session.read.schema(schema).parquet(*files).createOrReplaceTempView(view)
        else:
            self.session.createDataFrame([], schema).createOrReplaceTempView(view)

    def query(self, sql: str) -> pa.Table:
        """Run a SELECT written in DuckDB's SQL."""
        return self.session.sql(self.translate(sql)).toArrow()

    def define(self, view: str, sql: str) -> None:
        """Create or replace a view."""
        self.session.sql(self.translate(sql)).createOrReplaceTempView(view)

    def keep(self, table: str, sql: str) -> None:
        """Create or replace a cached view."""
        self.session.sql(self.translate(sql)).cache().createOrReplaceTempView(table)

    def forget(self, table: str) -> None:
        """Drop a cached view."""
        self.session.catalog.uncacheTable(table)
        self.session.catalog.dropTempView(table)

    def rows(self, table: str, within: Within) -> str:
        """All rows: Spark leaves out files by itself."""
        del within
        return f"SELECT * FROM {RAW}{table}"

    @contextmanager
    def beside(self) -> Iterator[SparkEngine]:
        """Another session of the same Spark."""
        yield SparkEngine.on(self.snapshot, self.session.newSession())

    @staticmethod
    def translate(sql: str) -> str:
        """DuckDB's SQL in Spark's words."""
        return sqlglot.parse_one(sql, dialect="duckdb").transform(_by_boundaries).transform(_doubles).sql("spark")


def _doubles(node: exp.Expr) -> exp.Expr:
    """DuckDB divides by 60.0 in floating point, Spark in decimals cut at six places."""
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name:
        return exp.cast(node.copy(), "double")
    return node


def _by_boundaries(node: exp.Expr) -> exp.Expr:
    """DuckDB counts how many boundaries of a unit lie between two times, Spark how many whole units: cut both times."""
    if isinstance(node, exp.DateDiff) and node.unit:
        for side in ("this", "expression"):
            node.set(side, exp.TimestampTrunc(this=node.args[side], unit=node.unit.copy()))
    return node
