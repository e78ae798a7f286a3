"""Two small hospitals, made once: a clean one without random effects, and a dirty one full of faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from xunzhi.standards import CodeList
from xunzhi.standards.pack import DEFAULT_PACK, PACKS
from xunzhi.standards.yaml_source import load_yaml
from xunzhi.synth import Hospital, generate, load_scenario

Ask = Callable[[str], list[tuple[Any, ...]]]

START = date(2025, 1, 1)


def views(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection on which each generated table is a view."""
    connection = duckdb.connect()
    for table in sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in ("csv", "mappings")):
        connection.execute(f"CREATE VIEW {table.name} AS SELECT * FROM read_parquet('{table}/*.parquet')")
    return connection


def asking(folder: Path) -> Iterator[Ask]:
    """A function that runs SQL on the tables of a folder."""
    connection = views(folder)
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()


@pytest.fixture(scope="session")
def clean_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    generate(Hospital(beds=400, months=3, start=START, dirt=0, smooth=True), folder)
    return folder


@pytest.fixture(scope="session")
def clean(clean_folder: Path) -> Iterator[Ask]:
    yield from asking(clean_folder)


@pytest.fixture(scope="session")
def faulty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faulty")
    scenario = load_scenario("faults", START, 6)
    generate(Hospital(beds=300, months=6, start=START, dirt=0.01, scenario=scenario), folder)
    return folder


@pytest.fixture(scope="session")
def faulty(faulty_folder: Path) -> Iterator[Ask]:
    yield from asking(faulty_folder)


@pytest.fixture(scope="session")
def code_lists() -> dict[str, CodeList]:
    """The code lists of the pack."""
    lists: dict[str, CodeList] = {}
    for file in sorted((PACKS / DEFAULT_PACK / "codes").glob("*.yaml")):
        source = load_yaml(file)
        places = [(number,) for number in range(len(source.data))] if isinstance(source.data, list) else [()]
        lists |= {made.id: made for made in (source.validate(CodeList, place) for place in places)}
    return lists
