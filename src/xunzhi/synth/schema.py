"""The canonical tables alone: a generated hospital needs no indicators, and loading those takes time."""

from __future__ import annotations

from functools import cache

from xunzhi.standards import Table
from xunzhi.standards.pack import DEFAULT_PACK, PACKS
from xunzhi.standards.yaml_source import load_yaml


@cache
def canonical_tables() -> dict[str, Table]:
    """The data dictionary of the default pack, by table name."""
    files = sorted((PACKS / DEFAULT_PACK / "tables").glob("*.yaml"))
    tables = [load_yaml(file).validate(Table) for file in files]
    return {table.table: table for table in tables}
