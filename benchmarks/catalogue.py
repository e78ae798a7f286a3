"""The full catalogue by department and month, against a bare scan-and-group of the same columns.

Claims: at most 6× the bare scan; under 6 GB; growth at most linear; one changed month of 60 at most 1/20 of a full run.

    script/bench catalogue                                    100,000 and 1 million discharges
    XUNZHI_BENCH_DISCHARGES=1000000 script/bench catalogue    1 and 10 million, as claimed: 25 GB of disk, two hours

XUNZHI_BENCH_FOLDER keeps the facts for the next time, XUNZHI_BENCH_ROUNDS says how often everything is timed.

The hospital is synthetic: all canonical tables over 60 months. Ten times as many discharges are ten institutions with
the same facts, each in files of its own. The bare scan reads every column that the grains read, once, from the same
files, and groups each table by institution, department (where the table has one) and month. Each run is a process of
its own, begins with none of the files in memory (ten million discharges don't fit there), and alternates with the
others; medians are compared. The small lake is timed before and after the large one: in between a shared machine may
have become a third faster or slower. Seconds of CPU tell what a machine busy with other work hides.

A month is changed in two ways. Late costs correct one column of every stay of the month. In a month delivered anew,
every stay of it has another way of discharge, department, doctor, admission time and cost, so that every grain that
looks at stays must be computed again, in the months before and after too where it looks there.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from benchmarks.common import claim, in_cpu
from xunzhi.lake import Lake, Snapshot
from xunzhi.lake.files import DataFile, commit, folder_of
from xunzhi.lake.transaction import ROW_GROUP
from xunzhi.measures.cube import month_of
from xunzhi.measures.proof import by_department
from xunzhi.standards import Pack, load_pack
from xunzhi.standards.sql import parse_select
from xunzhi.synth import Hospital, beds_for, generate

MONTHS, START, TIMES = 60, date(2021, 1, 1), 10
DISCHARGES = int(os.environ.get("XUNZHI_BENCH_DISCHARGES", "100000"))
ROUNDS = int(os.environ.get("XUNZHI_BENCH_ROUNDS", "3"))
MEMORY = "4GB"


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


def bare_scan(snapshot: Snapshot, pack: Pack) -> None:
    """Read and count those columns, grouped by institution, department and month."""
    connection = duckdb.connect(config={"memory_limit": MEMORY})
    for table, columns in columns_read(pack).items():
        time_column = pack.tables[table].month
        group = ["institution"]
        group += ["department"] if "department" in pack.schema[table] else []
        group += [month_of(time_column)] if time_column else []
        counted = ", ".join(f"count({column})" for column in sorted(columns))
        connection.execute(
            f"SELECT {', '.join(group)}, {counted} FROM ({snapshot.view_sql(table)}) GROUP BY {', '.join(group)}"
        ).fetchall()


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


RUN = """
import resource, sys, time
from pathlib import Path
from benchmarks.catalogue import MEMORY, bare_scan
from xunzhi.lake import Lake
from xunzhi.measures import DuckEngine, measure
from xunzhi.measures.proof import by_department
from xunzhi.standards import load_pack
home, what = Path(sys.argv[1]), sys.argv[2]
pack = by_department(load_pack())
begun, used, results = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF), 0
if what == "bare":
    bare_scan(Lake(home, pack).snapshot(), pack)
else:
    engine = lambda snapshot: DuckEngine.on(snapshot, memory=MEMORY, spill=home / "spill")
    results = measure(Lake(home, pack), home, full=what == "full", engine=engine).results
now = resource.getrusage(resource.RUSAGE_SELF)
cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
print(time.perf_counter() - begun, cpu, now.ru_maxrss / 1e6, results)
"""


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds by the clock, seconds of CPU, peak gigabytes; and how many results it gave."""

    clock: float
    cpu: float
    memory: float
    results: int


def out_of_memory(home: Path) -> None:
    """Have the system forget the files of a lake that it keeps in memory."""
    os.sync()
    for file in home.rglob("*.parquet"):
        opened = os.open(file, os.O_RDONLY)
        os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(opened)


def run(home: Path, what: str) -> Cost:
    """A run in a process of its own: `bare`, `full` or `changes`."""
    out_of_memory(home)
    command = [sys.executable, "-c", RUN, str(home), what]
    clock, cpu, memory, results = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[
        -4:
    ]
    return Cost(float(clock), float(cpu), float(memory), int(results))


CHANGES = {
    "late costs": "total_cost + 1 AS total_cost",
    "delivered anew": (
        "total_cost + 1 AS total_cost, CASE discharge_way WHEN '1' THEN '2' ELSE '1' END AS discharge_way, "
        "ward AS department, coalesce(attending_doctor, '') || '*' AS attending_doctor, "
        "admission_time - INTERVAL 1 HOUR AS admission_time"
    ),
}


def change_month(lake: Lake, month: str, columns: str) -> None:
    """Change every stay of one month."""
    snapshot = lake.snapshot()
    with lake.write("corrections") as transaction:
        stays = snapshot.view_sql("encounter", [month])
        transaction.upsert("encounter", f"SELECT * REPLACE ({columns}) FROM ({stays})")


def compare(text: str, ours: list[Cost], theirs: list[Cost], at_most: float) -> bool:
    """Print the ratio of the medians by the clock beside the claim, and that of the CPU seconds."""
    clock, cpu = (
        statistics.median(getattr(cost, unit) for cost in ours)
        / statistics.median(getattr(cost, unit) for cost in theirs)
        for unit in ("clock", "cpu")
    )
    good = claim(text, clock, at_most=at_most)
    in_cpu(cpu)
    return good


def spent(what: str, costs: list[Cost]) -> None:
    """Print what runs took."""
    clock, cpu = ([f"{getattr(cost, unit):.2f}" for cost in costs] for unit in ("clock", "cpu"))
    print(f"  {what}: {' / '.join(clock)} s, {' / '.join(cpu)} s of CPU, {max(cost.memory for cost in costs):.2f} GB")


def measured(home: Path, lake: Lake, pack: Pack) -> tuple[bool, list[Cost], list[Cost], int]:
    """Time everything on one lake: whether the claims hold, bare scans and full runs, and how many discharges."""
    rows = lake.snapshot().rows("encounter")
    bare, full = zip(*[(run(home, "bare"), run(home, "full")) for _ in range(ROUNDS)], strict=True)
    print(f"{rows:,} discharges, {len(pack.indicators)} indicators, {full[0].results:,} results")
    spent("bare", [*bare])
    spent("full", [*full])
    good = compare("times the bare scan-and-group", [*full], [*bare], at_most=6)
    good &= claim("GB of memory at most", max(cost.memory for cost in full), at_most=6)
    for name, columns in CHANGES.items():
        again = []
        for _ in range(ROUNDS):
            change_month(lake, "2023-06", columns)
            again.append(run(home, "changes"))
        spent(name, again)
        good &= compare(f"of a full run for one changed month of 60, {name}", again, [*full], at_most=1 / 20)
    return good, [*bare], [*full], rows


def main() -> int:
    folder = Path(os.environ.get("XUNZHI_BENCH_FOLDER") or tempfile.mkdtemp(prefix="xunzhi-bench-"))
    pack = by_department(load_pack())
    source, one, ten = folder / "source", folder / "home-1", folder / f"home-{TIMES}"
    if not one.exists():
        if not source.exists():
            generate(Hospital(beds=beds_for(DISCHARGES, MONTHS), months=MONTHS, start=START, dirt=0.0), source)
        load(one, source, pack)
    if not ten.exists():
        multiplied(ten, Lake(one, pack), pack, TIMES)
    found = [measured(home, Lake(home, pack, memory=MEMORY), pack) for home in (one, ten)]
    (good_one, bare_one, full_one, rows_one), (good_ten, bare_ten, full_ten, rows_ten) = found
    bare_again, full_again = zip(*[(run(one, "bare"), run(one, "full")) for _ in range(ROUNDS)], strict=True)
    spent("the small one again: bare", [*bare_again])
    spent("the small one again: full", [*full_again])
    growth = rows_ten / rows_one
    small = [*full_one, *full_again]
    good = compare(f"times as long for {growth:.0f} times as many discharges", full_ten, small, at_most=growth)
    bare = statistics.median(cost.clock for cost in bare_ten)
    bare /= statistics.median(cost.clock for cost in (*bare_one, *bare_again))
    print(f"       the bare scan of the same files takes {bare:.1f} times as long")
    if "XUNZHI_BENCH_FOLDER" not in os.environ:
        shutil.rmtree(folder)
    return 0 if good and good_one and good_ten else 1


if __name__ == "__main__":
    sys.exit(main())
