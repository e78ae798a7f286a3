"""DuckDB as the lake uses it: in process, within a memory limit, nothing loaded from the network."""

from __future__ import annotations

from pathlib import Path

import duckdb

MEMORY = "1500MB"


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
