"""Mappings for `xunzhi ingest`: the columns of a generated hospital are canonical already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

# Departments, staff, calendar and stays first: others refer to them.
_FIRST = ("department", "staff", "calendar", "encounter")


def write_mappings(out: Path, tables: Iterable[str], institution: str) -> None:
    """Write `mappings/NN_table.yaml`, one for each table, in the order in which they should be ingested."""
    folder = out / "mappings"
    folder.mkdir()
    ordered = sorted(tables, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    for number, name in enumerate(ordered, 1):
        mapping = {
            "mapping": f"synth_{name}",
            "institution": institution,
            "source": {"type": "parquet", "path": f"../{name}/*.parquet"},
            "tables": {name: {"match": "name"}},
        }
        text = yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False)
        (folder / f"{number:02d}_{name}.yaml").write_text(text, encoding="utf-8")
