"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from xunzhi.lake.csv_file import fingerprint
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import literal, quoted
from xunzhi.lake.mapping import SourceSpec
from xunzhi.lake.sources.base import Loaded


class ParquetSource:
    """A Parquet file; its columns keep their types."""

    def __init__(self, spec: SourceSpec, file: Path):
        self.spec = spec
        self.file = file
        self.name = str(file)

    def fingerprint(self) -> str | None:
        """The SHA-256 of the file."""
        return fingerprint(self.file)

    def size(self) -> int | None:
        """Bytes on disk."""
        return self.file.stat().st_size

    def headings(self) -> tuple[str, ...]:
        """The names of the columns.

        Raises:
            LakeError: if the file is no Parquet file.
        """
        try:
            return tuple(pq.read_schema(self.file).names)
        except (pa.ArrowInvalid, OSError) as error:
            raise LakeError(
                f"{self.file} is not a Parquet file, or is cut short: {error}",
                f"{self.file} 不是 Parquet 文件，或不完整：{error}",
            ) from error

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Read all rows."""
        headings = self.headings()
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS "
            f"SELECT * FROM read_parquet({literal(str(self.file))}, hive_partitioning=false)"
        )
        return Loaded(headings, pq.read_metadata(self.file).num_rows)
