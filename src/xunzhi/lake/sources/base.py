"""What all sources have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xunzhi.lake.csv_file import fingerprint
from xunzhi.lake.files import quoted
from xunzhi.lake.mapping import SourceSpec

BATCH_ROWS = 20_000

# Reads the records of a relation and says how many; a second relation gives the same records once more, later
Consume = Callable[[str, str], int]


@dataclass(frozen=True)
class Broken:
    """A line that could not be read as a record."""

    line: int
    rule: str
    en: str
    zh: str
    text: str


@dataclass(frozen=True)
class Lines:
    """On which line of its file each record begins.

    `before` lines stand above the first record; `skipped` are lines without a record (empty, broken); `longer` are
    the records that take more than one line, each with the number of further lines.
    """

    before: int
    skipped: tuple[int, ...] = ()
    longer: tuple[tuple[int, int], ...] = ()

    def of(self, records: NDArray[np.int64]) -> NDArray[np.int64]:
        """Line numbers of records, both counted from 1."""
        at = np.array([record for record, _ in self.longer], dtype=np.int64)
        further = np.cumsum([0, *(lines for _, lines in self.longer)])
        start = records + further[np.searchsorted(at, records, side="left")]
        skipped = np.array(self.skipped, dtype=np.int64)
        shifted = skipped - self.before - np.arange(len(skipped))
        return np.asarray(start + self.before + np.searchsorted(shifted, start, side="right"), dtype=np.int64)


@dataclass(frozen=True)
class FileRows:
    """Which row of its file each record is, of files read one after the other with `rows` each."""

    rows: tuple[int, ...]

    def of(self, records: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row numbers of records, both counted from 1."""
        starts = np.cumsum([0, *self.rows])
        return np.asarray(records - starts[np.searchsorted(starts, records, side="left") - 1], dtype=np.int64)


@dataclass(frozen=True)
class Loaded:
    """A source as a DuckDB table: its columns, its number of records, and what could not be read."""

    headings: tuple[str, ...]
    records: int
    broken: list[Broken] = field(default_factory=list)
    lines: Lines | FileRows | None = None


class RowSource(Protocol):
    """Anything that rows come from. `name` is what a person knows it by, `files` what it is read from."""

    name: str
    files: Sequence[Path]

    def fingerprint(self) -> str | None:
        """The same for two equal deliveries; none if that can't be told without reading them."""

    def size(self) -> int | None:
        """Bytes, if it is a file."""

    def headings(self) -> tuple[str, ...]:
        """The names of the columns."""

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Make the temporary table `table` of all records in their order; `scratch` is a folder for passing files."""


@runtime_checkable
class Streamed(RowSource, Protocol):
    """A source that can be read without keeping its records."""

    def stream(self, connection: duckdb.DuckDBPyConnection, clean: Path, consume: Consume) -> Loaded:
        """Have `consume` read all records in their order, maybe more than once; the last time counts.

        `clean` is a passing file, to stay until the records are read no more.
        """


class FileSource:
    """What sources of one file have in common."""

    def __init__(self, spec: SourceSpec, file: Path):
        self.spec = spec
        self.file = file
        self.files: Sequence[Path] = (file,)
        self.name = str(file)

    def fingerprint(self) -> str | None:
        """The SHA-256 of the file."""
        return fingerprint(self.file)

    def size(self) -> int | None:
        """Bytes on disk."""
        return self.file.stat().st_size


def insert_text(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    nulls: Sequence[str],
) -> int:
    """Make a table of text columns from rows of Python values, a batch at a time; returns the number of rows."""
    schema = pa.schema([(name, pa.string()) for name in headings])
    missing = {"", *nulls}
    count = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal count
        stream = iter(rows)
        while chunk := list(islice(stream, BATCH_ROWS)):
            count += len(chunk)
            columns = zip(*chunk, strict=True)
            yield pa.record_batch([pa.array([_text(v, missing) for v in c], pa.string()) for c in columns], schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    connection.register("_incoming", reader)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS SELECT * FROM _incoming")
    connection.unregister("_incoming")
    return count


def _text(value: Any, missing: set[str]) -> str | None:
    """A value as it would stand in a CSV file: times in ISO form, whole floats without a point."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = str(value)
    return None if text in missing else text
