"""The lake's own tables beside those of the pack: what was loaded, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from xunzhi.standards import Table
from xunzhi.standards.yaml_source import load_yaml

SYSTEM_TABLES = Path(__file__).parent / "system_tables.yaml"
BATCH = "ingest_batch"
QUARANTINE = "ingest_quarantine"


@lru_cache(maxsize=1)
def system_tables() -> Mapping[str, Table]:
    """The tables that every lake has."""
    source = load_yaml(SYSTEM_TABLES)
    tables = [source.validate(Table, (index,)) for index in range(len(source.data))]
    return {table.table: table for table in tables}
