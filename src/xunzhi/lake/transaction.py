"""Writing the lake: upserts and deletes by key, committed as one version."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import duckdb
import pyarrow as pa

from xunzhi.lake import merges
from xunzhi.lake.engine import connect
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import (
    MONTH,
    PARTITION,
    DataFile,
    columns_of,
    commit,
    folder_of,
    listed,
    literal,
    quoted,
    scan,
    signature,
)
from xunzhi.lake.layout import counts_sql, month_sql, order_sql, to_merge
from xunzhi.standards import Table
from xunzhi.standards.durable import sync
from xunzhi.standards.pack import link_columns

if TYPE_CHECKING:
    from xunzhi.lake.lake import Lake

ROW_GROUP = 122_880


class ArrowStream(Protocol):
    """A pyarrow Table or RecordBatchReader, a DuckDB relation, or anything alike."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow C stream."""


# Rows to write: a SELECT to run on the transaction's connection, Parquet files, or anything that streams Arrow
Rows = str | Path | Sequence[Path] | ArrowStream


@dataclass(frozen=True)
class Upserted:
    """What became of the rows given: each was new, changed an old one, was there already, or came again later."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0

    @property
    def accepted(self) -> int:
        """Rows that changed the lake."""
        return self.inserted + self.updated

    @property
    def total(self) -> int:
        """Rows given."""
        return self.inserted + self.updated + self.unchanged + self.duplicates

    def __add__(self, other: Upserted) -> Upserted:
        return Upserted(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.duplicates + other.duplicates,
        )


class Transaction:
    """A change of the lake in the making. It sees its own changes; others see them when it is committed.

    `connection` is a DuckDB connection for preparing rows; `batch` is the number of the version to come.
    """

    def __init__(self, lake: Lake, staging: Path, note: str):
        self.lake = lake
        self.note = note
        self.base = lake.snapshot()
        self.batch = self.base.version + 1
        self.staging = staging
        self.connection = connect(staging / "spill", lake.memory)
        self._files: dict[str, set[DataFile]] = {}
        self._staged: dict[DataFile, Path] = {}
        self._staged_kind = ""
        self._numbers = itertools.count()
        self._merged: dict[tuple[str, str], str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def view_sql(self, table: str) -> str:
        """A SELECT of all stored columns of a table as this transaction has it so far."""
        return self._scan(self._spec(table), self._current(table))

    def rows(self, table: str) -> int:
        """How many rows a table has in this transaction so far."""
        return sum(file.rows for file in self._current(table))

    def upsert(self, table: str, rows: Rows, *, settled: bool = False) -> Upserted:
        """Insert rows, or replace those with the same key, wherever they lie; the last of several with one key wins.

        `rows` need the key columns; other columns of the table may be absent (then NULL). `_record` and `_batch`
        are kept if given. A row equal to the one in the lake is no change. Old numbers of merged patients are
        replaced by the surviving ones; rows for `patient_merge` change all rows of the old number.
        `settled` says that `rows` is a SELECT that is quick and always gives the same, so it needn't be copied first.

        Raises:
            LakeError: a column that the table doesn't have, a value of another type, or a key without a value.
        """
        spec = self._spec(table)
        self._stage(spec, rows, "VIEW" if settled else "TABLE")
        self._refuse_missing_keys(spec)
        duplicates = self._drop_duplicates(spec)
        unchanged, updated = self._match(spec)
        inserted = self._count("_staged") - updated
        self._rewrite(spec)
        if table == merges.TABLE and inserted + updated:
            self._merged = None
            merges.rewrite_patients(self)
        return Upserted(inserted, updated, unchanged, duplicates)

    def delete(self, table: str, keys: Rows) -> int:
        """Delete the rows with the given keys; returns how many there were."""
        spec = self._spec(table)
        source = self.source(keys)
        self._set_staged(
            f"SELECT DISTINCT *, NULL::BIGINT AS _hash FROM (SELECT {self._casts(spec, spec.key)} FROM {source})",
            "TABLE",
        )
        deleted = self._match(spec)[1]
        self._set_staged(scan(spec, {}), "TABLE")
        self._rewrite(spec)
        return deleted

    def source(self, rows: Rows) -> str:
        """Rows as something to select from on the transaction's connection."""
        if isinstance(rows, str):
            return f"({rows})"
        if isinstance(rows, Path):
            rows = [rows]
        if isinstance(rows, Sequence):
            return f"read_parquet([{', '.join(literal(str(path)) for path in rows)}], hive_partitioning=false)"
        name = f"_arrow_{next(self._numbers)}"
        self._run("SELECT 1").fetchall()  # ends a result that a caller didn't fetch to its end; else DuckDB refuses
        self.connection.register(name, pa.RecordBatchReader.from_stream(rows))
        return name

    def commit(self) -> int:
        """Make the changes the newest version of the lake; returns its number (the old one if nothing changed)."""
        changes = {}
        for table, files in self._files.items():
            before = set(self.base.data_files(table))
            if files != before:
                changes[table] = (files - before, before - files)
        if not changes:
            return self.base.version
        for added, _ in changes.values():
            self._move(added)
        versions = dict(self.base.at.tables)
        for table, (added, removed) in changes.items():
            root = self.lake.root / table
            versions[table] = commit(self._spec(table), root, sorted(added), sorted(removed), self.note)
            sync(root / "_delta_log")
        return self.lake.publish(versions, self.note).number

    def _move(self, added: set[DataFile]) -> None:
        """Bring new files from the staging folder to their table."""
        for file in sorted(added):
            staged = self._staged[file]
            target = self.lake.root / self._owner(staged) / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with staged.open("rb") as stream:
                os.fsync(stream.fileno())
            staged.rename(target)
            sync(target.parent)

    def _owner(self, staged: Path) -> str:
        return staged.relative_to(self.staging).parts[0]

    def _spec(self, table: str) -> Table:
        try:
            return self.lake.tables[table]
        except KeyError:
            raise LakeError(
                f"There is no table {table!r}; the tables are: {', '.join(self.lake.tables)}",
                f"没有表 {table!r}；已有的表：{'、'.join(self.lake.tables)}",
            ) from None

    def _current(self, table: str) -> set[DataFile]:
        if table not in self._files:
            self._files[table] = set(self.base.data_files(table))
        return self._files[table]

    def _place(self, spec: Table, file: DataFile) -> Path:
        return self._staged.get(file) or self.lake.root / spec.table / file.path

    def _scan(self, spec: Table, files: set[DataFile], *, origin: bool = False) -> str:
        return scan(spec, {file: self._place(spec, file) for file in files}, origin=origin)

    def _run(self, sql: str) -> Any:
        return self.connection.execute(sql)

    def _count(self, table: str, where: str = "true") -> int:
        return int(self._run(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()[0][0])

    def _casts(self, spec: Table, names: Sequence[str]) -> str:
        return ", ".join(f"CAST({quoted(name)} AS {spec.columns[name].type.sql}) AS {quoted(name)}" for name in names)

    def _set_staged(self, select: str, kind: str) -> None:
        """Make `_staged`, the rows at hand, a table or a view."""
        if self._staged_kind:
            self._run(f"DROP {self._staged_kind} _staged")
        self._run(f"CREATE TEMP {kind} _staged AS {select}")
        self._staged_kind = kind

    def _settle(self) -> None:
        """Make `_staged` a table if it is a view, so that rows can be deleted from it."""
        if self._staged_kind == "VIEW":
            self._run("CREATE TEMP TABLE _copy AS FROM _staged")
            self._run("DROP VIEW _staged")
            self._run("ALTER TABLE _copy RENAME TO _staged")
            self._staged_kind = "TABLE"

    def _stage(self, spec: Table, rows: Rows, kind: str) -> None:
        """Make `_staged`: all stored columns of the rows given, with exact types."""
        source = self.source(rows)
        given = self._given(spec, source)
        absent = {"_batch": str(self.batch), "_record": "row_number() OVER ()"}
        columns = {
            name: f"CAST({f'g.{quoted(name)}' if name in given else absent.get(name, 'NULL')} AS {kind})"
            for name, kind in columns_of(spec).items()
            if name not in ("_hash", MONTH)
        }
        join = ""
        if merges.PATIENT in given and spec.table != merges.TABLE and self._survivors():
            columns[merges.PATIENT] = f"coalesce(m.survivor, {columns[merges.PATIENT]})"
            join = f" LEFT JOIN _survivors m ON m.institution = g.institution AND m.old = g.{merges.PATIENT}"
        typed = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in columns.items())
        try:
            self._set_staged(
                f"SELECT *, (hash({listed(spec.columns)}) >> 1)::BIGINT AS _hash, {month_sql(spec)} AS {MONTH} "
                f"FROM (SELECT {typed} FROM {source} g{join})",
                kind,
            )
        except duckdb.ConversionException as error:
            reason = str(error).split("\n")[0]
            raise LakeError(
                f"A row for table {spec.table} has a value of another type: {reason}",
                f"表 {spec.table} 有一行的值类型不符：{reason}",
            ) from error

    def _given(self, spec: Table, source: str) -> set[str]:
        """The columns of the rows given."""
        given = {name for name, *_ in self._run(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        unknown = sorted(given - set(columns_of(spec)))
        if unknown:
            raise LakeError(
                f"Table {spec.table} has no column {', '.join(unknown)}; it has: {', '.join(spec.columns)}",
                f"表 {spec.table} 没有列 {'、'.join(unknown)}；它的列为：{'、'.join(spec.columns)}",
            )
        return given

    def _survivors(self) -> dict[tuple[str, str], str]:
        if self._merged is None:
            self._merged = merges.survivors(self)
            merges.register(self.connection, self._merged)
        return self._merged

    def _refuse_missing_keys(self, spec: Table) -> None:
        for name in spec.key:
            missing = self._count("_staged", f"{quoted(name)} IS NULL")
            if missing:
                raise LakeError(
                    f"{missing} rows for table {spec.table} have no {name}, which is part of its key",
                    f"表 {spec.table} 有 {missing} 行缺少主键列 {name}",
                )

    def _drop_duplicates(self, spec: Table) -> int:
        """Keep the last record of each key."""
        key = listed(spec.key)
        self._run(
            f"CREATE OR REPLACE TEMP TABLE _twice AS "
            f"SELECT hash({key}) AS h FROM _staged GROUP BY h HAVING count(*) > 1"
        )
        if not self._count("_twice"):
            return 0
        self._settle()
        ranked = (
            f"SELECT rowid AS r, row_number() OVER (PARTITION BY {key} ORDER BY _record DESC, rowid DESC) AS place "
            f"FROM _staged WHERE hash({key}) IN (SELECT h FROM _twice)"
        )
        dropped = self._run(f"DELETE FROM _staged WHERE rowid IN (SELECT r FROM ({ranked}) WHERE place > 1)").fetchall()
        return int(dropped[0][0])

    def _match(self, spec: Table) -> tuple[int, int]:
        """Find the staged rows in the lake: drop those that are there already, list those that replace another.

        Makes the table `_replaced`: key and file of each row to be replaced. Returns (unchanged, replaced).
        """
        key = listed(spec.key)
        old = self._scan(spec, self._rivals(spec), origin=True)
        self._run(
            f"CREATE OR REPLACE TEMP TABLE _replaced AS SELECT {listed(spec.key, 'o.')}, o._path, "
            f"coalesce(o._hash = s._hash, false) AS same FROM ({old}) o JOIN _staged s USING ({key})"
        )
        unchanged = self._count("_replaced", "same")
        if unchanged:
            self._settle()
            self._run(f"DELETE FROM _staged WHERE ({key}) IN (SELECT ({key}) FROM _replaced WHERE same)")
            self._run("DELETE FROM _replaced WHERE same")
        return unchanged, self._count("_replaced")

    def _rivals(self, spec: Table) -> set[DataFile]:
        """The files that can have a row with the key of a staged one."""
        current = self._current(spec.table)
        if not current:
            return set()
        texts = [name for name in spec.key if spec.columns[name].type.sql == "VARCHAR"]
        bounds = ", ".join(f"min({quoted(name)}), max({quoted(name)})" for name in texts)
        ((institutions, *found),) = self._run(f"SELECT list(DISTINCT institution), {bounds} FROM _staged").fetchall()
        within = dict(zip(texts, zip(found[::2], found[1::2], strict=True), strict=True)) if institutions else {}
        return {file for file in current if file.institution in (institutions or ()) and file.may_hold(within)}

    def _rewrite(self, spec: Table) -> None:
        """Write the staged rows, with what remains of the files that lose rows and of small files beside them."""
        current = self._current(spec.table)
        incoming = self._run(counts_sql(spec, "_staged")).fetchall()
        losing = {Path(path) for (path,) in self._run("SELECT DISTINCT _path FROM _replaced").fetchall()}
        old = {file for file in current if self._place(spec, file) in losing}
        old |= to_merge(current - old, incoming)
        if not incoming and not old:
            return
        columns = listed(columns_of(spec))
        rows = f"SELECT {columns} FROM _staged"
        if old:
            same = " AND ".join(f"o.{quoted(name)} = r.{quoted(name)}" for name in spec.key)
            rows += f" UNION ALL SELECT {columns} FROM ({self._scan(spec, old)}) o ANTI JOIN _replaced r ON {same}"
        institutions = {institution for institution, *_ in incoming} | {file.institution for file in old}
        new = self._write(spec, rows, one_institution=len(institutions) == 1)
        self._files[spec.table] = (current - old) | new

    def _write(self, spec: Table, rows: str, *, one_institution: bool) -> set[DataFile]:
        """Write rows as Parquet files into the staging folder, sorted by key within each partition."""
        folder = self.staging / spec.table / str(next(self._numbers))
        folder.mkdir(parents=True)
        order = ", ".join(order_sql(spec, one_institution=one_institution))
        written = self._run(
            f"COPY (SELECT * FROM ({rows}) ORDER BY {order}) TO {literal(str(folder))} (FORMAT parquet, "
            f"PARTITION_BY ({listed(PARTITION)}), WRITE_PARTITION_COLUMNS true, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
            f"ROW_GROUP_SIZE {ROW_GROUP}, RETURN_STATS true)"
        ).fetchall()
        files = set()
        for name, rows_written, size, _, statistics, values, *_ in written:
            institution, month = values["institution"], values[MONTH]
            path = f"{folder_of(institution, month)}/{self.batch}-{next(self._numbers)}-{signature(spec)}.parquet"
            file = DataFile(path, institution, month, rows_written, size, self._ranges(spec, statistics))
            self._staged[file] = Path(name)
            files.add(file)
        return files

    def _ranges(self, spec: Table, statistics: dict[str, dict[str, str]]) -> tuple[tuple[str, str, str], ...]:
        """Bounds of the text columns by which grains find rows, so that a search can leave files out."""
        if spec.table not in self.lake.pack.tables:
            return ()
        linking = sorted(link_columns(self.lake.pack, spec.table) - {"institution"})
        found = (
            (name, statistics.get(quoted(name), {})) for name in linking if spec.columns[name].type.sql == "VARCHAR"
        )
        return tuple((name, known["min"], known["max"]) for name, known in found if "min" in known and "max" in known)
