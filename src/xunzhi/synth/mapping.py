"""Mappings for `xunzhi ingest`: the columns of a generated hospital are canonical already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

REFERENCE = "00_reference"
WHOLE = "mapping.yaml"
Sources = dict[str, dict[str, str | bool]]


def write_mapping(out: Path, name: str, files: Iterable[Path], institution: str) -> None:
    """Write `mappings/<name>.yaml`: the files, each named after its table's folder, as one delivery to the lake."""
    paths = {file.parent.name: file for file in files}
    sources: Sources = {table: {"type": "parquet", "path": f"../{table}/{file.name}"} for table, file in paths.items()}
    _write(out / "mappings" / f"{name}.yaml", f"synth_{name.replace('-', '_')}", sources, institution)


def write_whole(out: Path, tables: Iterable[str], institution: str) -> None:
    """Write `mapping.yaml`: all months of all tables as one delivery to the lake, the quickest way to load them."""
    sources: Sources = {table: {"type": "parquet", "path": f"{table}/*.parquet", "together": True} for table in tables}
    _write(out / WHOLE, "synth", sources, institution)


def _write(file: Path, name: str, sources: Sources, institution: str) -> None:
    tables = {table: {"from": table, "match": "name"} for table in sources}
    mapping = {"mapping": name, "institution": institution, "sources": sources, "tables": tables}
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False), encoding="utf-8")
