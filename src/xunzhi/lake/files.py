"""The Parquet files of a Delta table: what a version holds, and how it changes."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from xunzhi.standards import Table

MONTH = "_month"
PARTITION = ("institution", MONTH)
SYSTEM = {"_batch": "BIGINT", "_record": "BIGINT", "_hash": "BIGINT", MONTH: "VARCHAR"}
OPEN_MONTH = "open"
NO_MONTH = "all"

_DELTA_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "DOUBLE": "double",
    "DECIMAL(18,2)": "decimal(18,2)",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}


@dataclass(frozen=True, order=True)
class DataFile:
    """One Parquet file: `path` is relative to the folder of its table.

    `ranges` holds bounds of the values of some text columns: (column, lowest, highest). They may be wider than the
    values are; a column without a range may hold anything.
    """

    path: str
    institution: str
    month: str
    rows: int
    size: int
    ranges: tuple[tuple[str, str, str], ...] = field(default=(), compare=False)

    def may_hold(self, wanted: Mapping[str, tuple[str, str]]) -> bool:
        """Whether the file can have a row whose columns lie within the wanted ranges."""
        return all(
            high >= wanted[column][0] and low <= wanted[column][1]
            for column, low, high in self.ranges
            if column in wanted
        )

    @property
    def signature(self) -> str:
        """Which columns the file has; see :func:`signature`."""
        return self.path.removesuffix(".parquet").rpartition("-")[2]


def columns_of(table: Table) -> dict[str, str]:
    """Column → SQL type as stored: the canonical columns, then those of the lake."""
    return {name: column.type.sql for name, column in table.columns.items()} | SYSTEM


def signature(table: Table) -> str:
    """A short name for the stored columns of a table, part of each file's name."""
    return f"{zlib.crc32(repr(columns_of(table)).encode()):08x}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Names as a list of SQL identifiers."""
    return ", ".join(prefix + quoted(name) for name in names)


def folder_of(institution: str, month: str) -> str:
    """Where the files of a partition lie. Only for the eye: Delta's log says what partition a file belongs to."""
    return "/".join(re.sub(r"[^\w.-]", "_", part, flags=re.ASCII) for part in (institution, month))


def scan(table: Table, files: Mapping[DataFile, Path], *, origin: bool = False) -> str:
    """A SELECT of all stored columns over files and where they lie; `origin` adds `_path`, the file of each row.

    Types are exact. Files written before the pack got a new column give NULL in it.
    """
    columns = columns_of(table)
    if not files:
        nothing = {**columns, "_path": "VARCHAR"} if origin else columns
        nulls = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in nothing.items())
        return f"SELECT {nulls} WHERE FALSE"
    by_columns: dict[str, list[DataFile]] = {}
    for file in sorted(files):
        by_columns.setdefault(file.signature, []).append(file)
    parts = []
    for mark, group in sorted(by_columns.items()):
        have = set(columns) if mark == signature(table) else set(pq.read_schema(files[group[0]]).names)
        selected = [
            f"CAST({quoted(name) if name in have else 'NULL'} AS {kind}) AS {quoted(name)}"
            for name, kind in columns.items()
        ]
        paths = ", ".join(literal(str(files[file])) for file in group)
        files_read = f"read_parquet([{paths}], hive_partitioning=false{', filename=true' if origin else ''})"
        parts.append(f"SELECT {', '.join([*selected, *(['filename AS _path'] if origin else [])])} FROM {files_read}")
    return " UNION ALL ".join(parts)


def latest(root: Path) -> int | None:
    """The newest version in a table's Delta log; none if there is no table."""
    numbers = [int(file.stem) for file in (root / "_delta_log").glob("*.json") if file.stem.isdigit()]
    return max(numbers, default=None)


@lru_cache(maxsize=512)
def data_files(root: Path, version: int) -> tuple[DataFile, ...]:
    """The files that make up a version of a Delta table."""
    actions = DeltaTable(root, version=version).get_add_actions(flatten=True)
    names = ("path", "partition.institution", f"partition.{MONTH}", "num_records", "size_bytes")
    columns = [actions.column(name).to_pylist() for name in names]
    return tuple(sorted(DataFile(*values) for values in zip(*columns, _ranges(actions), strict=True)))


def _ranges(actions: Any) -> list[tuple[tuple[str, str, str], ...]]:
    """The ranges of each file, from the statistics in Delta's log."""
    known = {name.removeprefix("min.") for name in actions.schema.names if name.startswith("min.")}
    bounds = {
        name: list(
            zip(actions.column(f"min.{name}").to_pylist(), actions.column(f"max.{name}").to_pylist(), strict=True)
        )
        for name in sorted(known & {name.removeprefix("max.") for name in actions.schema.names})
    }
    return [
        tuple((name, *values[row]) for name, values in bounds.items() if None not in values[row])
        for row in range(actions.num_rows)
    ]


def commit(table: Table, root: Path, added: Iterable[DataFile], removed: Iterable[DataFile], note: str) -> int:
    """Add and remove files in one step of the table's Delta log; returns the new version."""
    delta = _opened(table, root)
    adds = [
        AddAction(
            file.path,
            file.size,
            _values(file),
            _modified(root / file.path),
            True,
            json.dumps(_statistics(file)),
        )
        for file in added
    ]
    removes = [
        RemoveAction(file.path, True, _modified(root / file.path), size=file.size, partition_values=_values(file))
        for file in removed
    ]
    delta.create_write_transaction(
        [*adds, *removes],
        mode="append",
        schema=delta.schema(),
        partition_by=list(PARTITION),
        commit_properties=CommitProperties(custom_metadata={"note": note}),
    )
    version = latest(root)
    assert version is not None  # noqa: S101 - just written
    return version


def _statistics(file: DataFile) -> dict[str, Any]:
    """What Delta's log says of a file beside its place."""
    return {
        "numRecords": file.rows,
        "minValues": {column: low for column, low, _ in file.ranges},
        "maxValues": {column: high for column, _, high in file.ranges},
    }


def restore(root: Path, version: int) -> int:
    """Bring a Delta table back to a version, by a new version of the same content; returns the new version."""
    delta = DeltaTable(root)
    delta.restore(version, ignore_missing_files=True)
    return delta.version()


def _opened(table: Table, root: Path) -> DeltaTable:
    """The Delta table, made or given new columns where needed."""
    fields = [Field(name, PrimitiveType(_DELTA_TYPES[kind])) for name, kind in columns_of(table).items()]
    if latest(root) is None:
        root.mkdir(parents=True, exist_ok=True)
        return DeltaTable.create(
            root, Schema(fields), partition_by=list(PARTITION), name=table.table, description=table.label.en
        )
    delta = DeltaTable(root)
    known = {field.name for field in delta.schema().fields}
    new = [field for field in fields if field.name not in known]
    if new:
        delta.alter.add_columns(new)
    return delta


def _values(file: DataFile) -> dict[str, str | None]:
    return {"institution": file.institution, MONTH: file.month}


def _modified(file: Path) -> int:
    return int(file.stat().st_mtime * 1000)
