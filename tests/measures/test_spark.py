"""Apache Spark gives the same cubes as DuckDB, for every grain and every cell of the pack.

The rows are all worked cases of the catalogue at once, each as an institution of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from xunzhi.measures.cube import compute
from xunzhi.measures.engine import DuckEngine, SparkEngine
from xunzhi.measures.plan import plan
from xunzhi.measures.proof import case_rows
from xunzhi.standards import Pack, load_pack

PACK = load_pack()


@dataclass(frozen=True)
class OneFileEach:
    """Reads like a snapshot of a lake that has one Parquet file for each table."""

    pack: Pack
    folder: Path

    def files(self, table: str, institutions: Collection[str] | None = None) -> list[Path]:
        assert institutions is None
        return [self.folder / f"{table}.parquet"] if (self.folder / f"{table}.parquet").is_file() else []

    def view_sql(self, table: str, institutions: Collection[str] | None = None) -> str:
        assert institutions is None
        nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in PACK.schema[table].items())
        return (
            f"SELECT * FROM read_parquet('{self.files(table)[0]}')"
            if self.files(table)
            else f"SELECT {nulls} WHERE FALSE"
        )


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The rows of every worked case; keys that a case leaves out are numbered."""
    gathered: dict[str, list[dict[str, object]]] = {}
    for indicator in PACK.indicators.values():
        for number, revision in enumerate(indicator.revisions):
            for name, rows in case_rows(PACK, revision.case).items():
                for row in rows.to_pylist():
                    gathered.setdefault(name, []).append({**row, "institution": f"{indicator.id}.{number}"})
    folder = tmp_path_factory.mktemp("cases")
    for name, rows in gathered.items():
        connection = duckdb.connect()
        connection.register("given", typed(name, rows))
        selected = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in PACK.schema[name].items())
        connection.execute(f"COPY (SELECT {selected} FROM given) TO '{folder}/{name}.parquet'")
    return OneFileEach(PACK, folder)


def typed(name: str, rows: list[dict[str, object]]) -> pa.Table:
    key = PACK.tables[name].key
    filled = [{column: row.get(column) for column in PACK.schema[name]} for row in rows]
    for number, row in enumerate(filled):
        for column in key:
            if row[column] is None:
                row[column] = "2026-01-01" if PACK.schema[name][column] in ("DATE", "TIMESTAMP") else str(number)
    return pa.table({column: pa.array([row[column] for row in filled], pa.string()) for column in PACK.schema[name]})


@pytest.fixture(scope="module")
def spark(snapshot):
    sql = pytest.importorskip("pyspark.sql", reason="the extra spark is not installed")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    yield SparkEngine.on(snapshot, session)
    session.stop()


@pytest.fixture(scope="module")
def duck(snapshot):
    with DuckEngine.on(snapshot) as engine:
        yield engine


@pytest.mark.parametrize("grain", sorted(plan(PACK)))
def test_the_cube_is_the_same(grain, duck, spark):
    grain_plan = plan(PACK)[grain]
    ours, theirs = compute(duck, grain_plan), compute(spark, grain_plan)
    assert rows(theirs.sums) == rows(ours.sums)
    assert rows(theirs.values) == rows(ours.values)


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    found = [tuple(row.values()) for row in table.to_pylist()]
    return sorted(found, key=lambda row: tuple(map(str, row)))


def test_every_grain_has_rows_in_some_case(duck):
    empty = [name for name, grain_plan in plan(PACK).items() if not compute(duck, grain_plan).sums.num_rows]
    assert empty == []
