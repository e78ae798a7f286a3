"""DuckDB as the lake uses it: in process, within a memory limit, nothing loaded from the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from xunzhi.lake.files import literal

MEMORY = "2GB"


def connect(spill: Path, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """A connection in memory that spills to the folder `spill`."""
    return duckdb.connect(
        config={
            "memory_limit": memory,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )


def confine(connection: duckdb.DuckDBPyConnection, folder: Path, files: Iterable[Path] = ()) -> None:
    """Leave a connection nothing of the computer but a folder, some files and its spill; this can't be taken back."""
    paths = ", ".join(literal(str(file)) for file in files)
    connection.execute(f"SET allowed_paths=[{paths}]")
    connection.execute(f"SET allowed_directories=[{literal(str(folder))}]")
    connection.execute("SET enable_external_access=false")


def count_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """How many rows a relation has."""
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def fetch_dicts(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a SELECT as dictionaries."""
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
