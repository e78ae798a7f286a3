"""The full catalogue by department and month, against a bare scan-and-group of the same columns.

Claims: at most 6× the bare scan; under 6 GB; growth at most linear; one changed month of 60 at most 1/20 of a full run.

    script/bench catalogue                                    100,000 and 1 million discharges
    XUNZHI_BENCH_DISCHARGES=1000000 script/bench catalogue    1 and 10 million, as claimed: 40 GB of disk, an hour

The hospital is synthetic: all canonical tables over 60 months. Ten times as many discharges are ten institutions. The
bare scan reads every column that the grains read, once, from the same files, and groups each table by institution,
department (where the table has one) and month.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from benchmarks.common import claim
from xunzhi.lake import Lake, Snapshot
from xunzhi.lake.files import DataFile, commit, folder_of
from xunzhi.lake.transaction import ROW_GROUP
from xunzhi.measures.cube import month_of
from xunzhi.standards import Pack, load_pack
from xunzhi.standards.sql import parse_select
from xunzhi.synth import Hospital, beds_for, generate

MONTHS, START, TIMES = 60, date(2021, 1, 1), 10
DISCHARGES = int(os.environ.get("XUNZHI_BENCH_DISCHARGES", "100000"))
MEMORY = "5GB"


def department_pack() -> Pack:
    """The catalogue, divided by department only: what the claim is about."""
    pack = load_pack()
    grains = {
        name: grain.model_copy(update={"strata": {k: v for k, v in grain.strata.items() if k == "department"}})
        for name, grain in pack.grains.items()
    }
    return replace(pack, grains=grains)


def columns_read(pack: Pack) -> dict[str, set[str]]:
    """Table → the columns that any grain reads."""
    schema = {table: dict(columns) for table, columns in pack.schema.items()}
    found: dict[str, set[str]] = {}
    for grain in pack.grains.values():
        query = qualify(parse_select(grain.sql).copy(), schema=schema, dialect="duckdb")
        for scope in query.find_all(exp.Select):
            names = {table.alias_or_name: table.name for table in scope.find_all(exp.Table)}
            for column in scope.find_all(exp.Column):
                table = names.get(column.table)
                if table in pack.schema and column.name in pack.schema[table]:
                    found.setdefault(table, set()).add(column.name)
    return found


def bare_scan(snapshot: Snapshot, pack: Pack) -> float:
    """Seconds to read and count those columns, grouped by institution, department and month."""
    connection = duckdb.connect(config={"memory_limit": MEMORY})
    begun = time.perf_counter()
    for table, columns in columns_read(pack).items():
        time_column = pack.tables[table].month
        group = ["institution"]
        group += ["department"] if "department" in pack.schema[table] else []
        group += [month_of(time_column)] if time_column else []
        counted = ", ".join(f"count({column})" for column in sorted(columns))
        connection.execute(
            f"SELECT {', '.join(group)}, {counted} FROM ({snapshot.view_sql(table)}) GROUP BY {', '.join(group)}"
        ).fetchall()
    return time.perf_counter() - begun


def load(home: Path, source: Path, pack: Pack) -> Lake:
    """The synthetic hospital, through the lake's own upsert."""
    lake = Lake(home, pack, memory=MEMORY)
    with lake.write("one institution") as transaction:
        for table in pack.tables:
            files = str(source / table / "*.parquet")
            if list((source / table).glob("*.parquet")):
                transaction.upsert(table, f"SELECT * FROM read_parquet('{files}', union_by_name=true)")
    return lake


def multiplied(home: Path, one: Lake, pack: Pack, institutions: int) -> Lake:
    """The same hospital as so many institutions: each of its files written again for each of them.

    Every file is a file of its own, in the lake's own layout; only the sorting and comparing of an upsert is spared.
    """
    lake, snapshot = Lake(home, pack), one.snapshot()
    versions = {}
    with duckdb.connect(config={"threads": 1}) as connection, ThreadPoolExecutor(2) as pool:
        for table in snapshot.at.tables:
            root = lake.root / table
            known = snapshot.data_files(table)
            jobs = [
                (connection.cursor(), one.root / table / file.path, root, file, number)
                for number in range(institutions)
                for file in known
            ]
            versions[table] = commit(lake.tables[table], root, list(pool.map(_copied, jobs)), [], "copies")
    lake.publish(versions, "copies of one institution")
    return lake


def _copied(job: tuple[duckdb.DuckDBPyConnection, Path, Path, DataFile, int]) -> DataFile:
    """Write one file of the hospital under an institution's name."""
    cursor, source, root, file, number = job
    institution = f"H{number:02d}"
    path = f"{folder_of(institution, file.month)}/{Path(file.path).name}"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    cursor.execute(
        f"COPY (SELECT * REPLACE ('{institution}' AS institution) FROM read_parquet('{source}')) "
        f"TO '{root / path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    cursor.close()
    return replace(file, path=path, institution=institution, size=(root / path).stat().st_size)


FULL_RUN = """
import resource, sys, time
from pathlib import Path
from benchmarks.catalogue import MEMORY, department_pack
from xunzhi.lake import Lake
from xunzhi.measures import DuckEngine, measure
home = Path(sys.argv[1])
pack = department_pack()
begun = time.perf_counter()
run = measure(Lake(home, pack), home, full="full" in sys.argv,
              engine=lambda snapshot: DuckEngine.on(snapshot, memory=MEMORY, spill=home / "spill"))
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, run.results)
"""


def run(home: Path, *arguments: str) -> tuple[float, float, int]:
    """Seconds, peak gigabytes and number of results of a run in a process of its own."""
    command = [sys.executable, "-c", FULL_RUN, str(home), *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(output[-3]), float(output[-2]), int(output[-1])


def change_month(lake: Lake, pack: Pack, month: str) -> None:
    """Change every stay of one month a little, as a late correction of a whole month does."""
    snapshot = lake.snapshot()
    with lake.write("late corrections") as transaction:
        transaction.upsert(
            "encounter",
            f"SELECT * REPLACE (total_cost + 1 AS total_cost) FROM ({snapshot.view_sql('encounter', [month])})",
        )


def main() -> int:
    folder = Path(os.environ.get("XUNZHI_BENCH_FOLDER") or tempfile.mkdtemp(prefix="xunzhi-bench-"))
    pack = department_pack()
    source = folder / "source"
    if not source.exists():
        generate(Hospital(beds=beds_for(DISCHARGES, MONTHS), months=MONTHS, start=START, dirt=0.0), source)
    good, seconds = True, {}
    for institutions in (1, TIMES):
        home = folder / f"home-{institutions}"
        lake = Lake(home, pack) if home.exists() else load(home, source, pack, institutions)
        rows = lake.snapshot().rows("encounter")
        bare = min(bare_scan(lake.snapshot(), pack) for _ in range(2))
        full, peak, results = run(home, "full")
        seconds[institutions] = full / rows
        print(f"{rows:,} discharges, {len(pack.indicators)} indicators, {results:,} results")
        print(f"  bare {bare:.2f} s, full {full:.2f} s")
        good &= claim("times the bare scan-and-group", full / bare, at_most=6)
        good &= claim("GB of memory at most", peak, at_most=6)
        change_month(lake, pack, "2023-06")
        again, _, _ = run(home)
        good &= claim("of a full run for one changed month of 60", again / full, at_most=1 / 20)
    good &= claim("times as long for each discharge with ten times as many", seconds[TIMES] / seconds[1], at_most=1.0)
    if "XUNZHI_BENCH_FOLDER" not in os.environ:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
