"""Parquet files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from xunzhi.lake.csv_file import fingerprint
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import literal, quoted
from xunzhi.lake.mapping import SourceSpec
from xunzhi.lake.sources.base import FileRows, Loaded

FILE = "_file"


class ParquetSource:
    """A Parquet file, or several that are read one after the other; their columns keep their types.

    Of several files the table has the column `_file` too, the name of the file that a row comes from; a column that a
    file lacks is NULL there.
    """

    def __init__(self, spec: SourceSpec, files: Sequence[Path], name: str):
        self.spec = spec
        self.files = files
        self.name = name

    def fingerprint(self) -> str | None:
        """The SHA-256 of the file; of several files, that of all theirs."""
        prints = [fingerprint(file) for file in self.files]
        return hashlib.sha256("".join(prints).encode()).hexdigest() if self.spec.together else prints[0]

    def size(self) -> int | None:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.files)

    def headings(self) -> tuple[str, ...]:
        """The names of the columns.

        Raises:
            LakeError: if a file is no Parquet file.
        """
        return tuple(
            dict.fromkeys(name for file in self.files for name in _metadata(file).schema.to_arrow_schema().names)
        )

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Read all rows.

        Raises:
            LakeError: if a file is no Parquet file, or one column has types that don't go together.
        """
        metadata = [_metadata(file) for file in self.files]
        rows = [one.num_rows for one in metadata]
        files = f"[{', '.join(literal(str(file)) for file in self.files)}]"
        if self.spec.together:
            select = f"* EXCLUDE (filename), parse_filename(filename) AS {FILE}"
            options = "union_by_name=true, filename=true"
        else:
            select, options = "*", "filename=false"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS "
            f"SELECT {select} FROM read_parquet({files}, {options}, hive_partitioning=false)"
        )
        headings = dict.fromkeys(name for one in metadata for name in one.schema.to_arrow_schema().names)
        return Loaded(tuple(headings), sum(rows), lines=FileRows(tuple(rows)) if self.spec.together else None)


def _metadata(file: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise LakeError(
            f"{file} is not a Parquet file, or is cut short: {error}",
            f"{file} 不是 Parquet 文件，或不完整：{error}",
        ) from error
