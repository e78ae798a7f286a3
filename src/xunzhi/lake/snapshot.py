"""Reading the lake: one version of it, whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from xunzhi.lake.files import DataFile, columns_of, data_files, listed, quoted, scan
from xunzhi.lake.versions import Version
from xunzhi.standards import Pack, Table


@dataclass(frozen=True)
class Snapshot:
    """One version of the lake. Its files never change, so any engine may scan them at any time."""

    root: Path
    pack: Pack
    tables: Mapping[str, Table]
    at: Version

    @property
    def version(self) -> int:
        """The number of the lake version."""
        return self.at.number

    def data_files(self, table: str) -> tuple[DataFile, ...]:
        """The files of a table with institution, month and number of rows each."""
        version = self.at.tables.get(table)
        return () if version is None else data_files(self.root / table, version)

    def files(
        self, table: str, months: Collection[str] | None = None, *, institutions: Collection[str] | None = None
    ) -> list[Path]:
        """The Parquet files of a table, of all months or of those given as 'YYYY-MM' (also 'open', 'all')."""
        return [
            self.root / table / file.path
            for file in self.data_files(table)
            if (months is None or file.month in months) and (institutions is None or file.institution in institutions)
        ]

    def months(self, table: str) -> list[str]:
        """The months that a table has rows in."""
        return sorted({file.month for file in self.data_files(table)})

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return sum(file.rows for file in self.data_files(table))

    def view_sql(
        self,
        table: str,
        months: Collection[str] | None = None,
        *,
        within: Mapping[str, tuple[str, str]] | None = None,
        institutions: Collection[str] | None = None,
        system: bool = False,
    ) -> str:
        """A SELECT over a table with exact column types; an empty table gives no rows but the right columns.

        `within` leaves out files that can't have a row with these columns in these ranges (of times: 'YYYY-MM-DD');
        rows outside may remain. `system` adds the lake's own columns: `_batch`, `_record`, `_hash`, `_month`.
        """
        spec = self.tables[table]
        first, last = (within or {}).get(spec.month or "", ("", "~"))
        files = [
            file
            for file in self.data_files(table)
            if (months is None or file.month in months)
            and (institutions is None or file.institution in institutions)
            and (first[:7] <= file.month <= last[:7])
            and file.may_hold(within or {})
        ]
        stored = scan(spec, self._placed(table, files))
        return stored if system else f"SELECT {listed(spec.columns)} FROM ({stored})"

    def register(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str] | None = None) -> None:
        """Make DuckDB views named like the tables; all tables of the pack if none are named."""
        for table in self.pack.tables if tables is None else tables:
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS {self.view_sql(table)}")

    def changed_sql(self, table: str, since: Snapshot) -> str:
        """A SELECT of the rows that differ between two versions, each in its old and new state.

        Columns: `_side` ('old' or 'new'), then all stored columns. A row is named by its key; one that came
        is only 'new', one that went only 'old'. Reads nothing but the files that were added or removed.
        """
        spec = self.tables[table]
        before, now = set(since.data_files(table)), set(self.data_files(table))
        old = scan(spec, self._placed(table, before - now))
        new = scan(spec, self._placed(table, now - before))
        same = " AND ".join(f"a.{quoted(name)} = b.{quoted(name)}" for name in (*spec.key, "_hash"))
        columns = listed(columns_of(spec), "a.")
        return (
            f"SELECT 'old' AS _side, {columns} FROM ({old}) a ANTI JOIN ({new}) b ON {same} UNION ALL "
            f"SELECT 'new' AS _side, {columns} FROM ({new}) a ANTI JOIN ({old}) b ON {same}"
        )

    def changed_tables(self, since: Snapshot) -> list[str]:
        """The tables whose files differ between two versions. Only those with another Delta version are opened."""
        return [
            table
            for table in sorted({*self.at.tables, *since.at.tables})
            if self.at.tables.get(table) != since.at.tables.get(table)
            and set(self.data_files(table)) != set(since.data_files(table))
        ]

    def _placed(self, table: str, files: Iterable[DataFile]) -> dict[DataFile, Path]:
        return {file: self.root / table / file.path for file in files}
