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

from tests.measures.worked_cases import all_rows
from xunzhi.measures.cube import compute
from xunzhi.measures.engine import DuckEngine, SparkEngine
from xunzhi.measures.plan import plan
from xunzhi.standards import Pack, load_pack

PACK = load_pack()
PLANS = plan(PACK)


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
    folder = tmp_path_factory.mktemp("cases")
    for name, rows in all_rows(PACK).items():
        connection = duckdb.connect()
        connection.register("given", rows)
        selected = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in PACK.schema[name].items())
        connection.execute(f"COPY (SELECT {selected} FROM given) TO '{folder}/{name}.parquet'")
    return OneFileEach(PACK, folder)


@pytest.fixture(scope="module")
def spark(snapshot):
    sql = pytest.importorskip("pyspark.sql", reason="the extra spark is not installed")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    yield SparkEngine.on(snapshot, session)
    session.stop()


@pytest.fixture(scope="module")
def duck(snapshot):
    with DuckEngine.on(snapshot) as engine:
        yield engine


@pytest.mark.parametrize("grain", sorted(PLANS))
def test_the_cube_is_the_same(grain, duck, spark):
    ours, theirs = compute(duck, PLANS[grain]), compute(spark, PLANS[grain])
    assert rows(theirs.sums) == rows(ours.sums)
    assert rows(theirs.values) == rows(ours.values)


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    found = [tuple(row.values()) for row in table.to_pylist()]
    return sorted(found, key=lambda row: tuple(map(str, row)))


def test_every_grain_has_rows_in_some_case(duck):
    empty = [name for name, grain_plan in PLANS.items() if not compute(duck, grain_plan).sums.num_rows]
    assert empty == []
