"""Mappings for `xunzhi ingest`: the columns of a generated hospital are canonical already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

REFERENCE = "00_reference"


def write_mapping(out: Path, name: str, files: Iterable[Path], institution: str) -> None:
    """Write `mappings/<name>.yaml`: the files, each named after its table's folder, as one delivery to the lake."""
    paths = {file.parent.name: file for file in files}
    mapping = {
        "mapping": f"synth_{name.replace('-', '_')}",
        "institution": institution,
        "sources": {table: {"type": "parquet", "path": f"../{table}/{file.name}"} for table, file in paths.items()},
        "tables": {table: {"from": table, "match": "name"} for table in paths},
    }
    file = out / "mappings" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False), encoding="utf-8")
