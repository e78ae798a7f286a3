"""Ingest: CSV rows a second through mapping, checks and commit, on a 10-column table; memory against file size.

Each load runs in a process of its own, so that its peak memory is its own; so does the bare DuckDB copy from CSV to
Parquet that it is compared with (no mapping, no checks, no keys, no order).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.common import Spent, claim, in_cpu, peak_gigabytes
from xunzhi.lake import Lake
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.standards import load_pack

PACK = Path(__file__).parent / "packs" / "ingest"

SMALL, LARGE, HUGE = 4_000_000, 8_000_000, 16_000_000
CORES = 2  # of the machine that the claims are about
MAPPING = """
mapping: stays
institution: H1
source: {type: csv, path: stays.csv}
tables:
  stay:
    columns:
      encounter_id: 住院号
      patient_id: 病案号
      sex: 性别
      age_years: 年龄
      admission_time: 入院时间
      discharge_time: 出院时间
      department: upper(科室)
      total_cost: 总费用
      visit_number: 住院次数
    recode:
      sex: {男: 1, 女: 2}
"""
CSV = """
COPY (
  SELECT 'P' || (i * 7919 % $rows) AS 病案号, 'E' || lpad(i::VARCHAR, 9, '0') AS 住院号,
    CASE WHEN i % 2 = 0 THEN '男' ELSE '女' END AS 性别, i % 90 AS 年龄,
    strftime(TIMESTAMP '2021-01-01' + to_minutes(m), '%Y-%m-%d %H:%M:%S') AS 入院时间,
    strftime(TIMESTAMP '2021-01-01' + to_minutes(m + i % 20000), '%Y-%m-%d %H:%M:%S') AS 出院时间,
    'd' || (i % 60) AS 科室, round((hash(i + 1) % 10000000) / 100.0, 2) AS 总费用, 1 + i % 7 AS 住院次数,
    '备注' || (i % 1000) AS 备注
  FROM (SELECT i, (hash(i) % 2600000)::BIGINT AS m FROM range($rows) t(i))
) TO '$file' (HEADER)
"""


def load(folder: Path) -> dict[str, Any]:
    """Ingest the file of a folder; seconds by the clock and of CPU, rows accepted, peak gigabytes."""
    pack = load_pack(PACK)
    (folder / "stays.yaml").write_text(MAPPING, encoding="utf-8")
    begun = Spent.so_far()
    (report,) = ingest(Lake(folder / "home", pack), load_mapping(folder / "stays.yaml", pack))
    return {**asdict(Spent.so_far() - begun), "rows": report.accepted, "gigabytes": peak_gigabytes()}


def copy(folder: Path) -> dict[str, Any]:
    """Copy the file of a folder to Parquet by DuckDB alone; seconds by the clock and of CPU."""
    begun = Spent.so_far()
    duckdb.execute(
        f"COPY (SELECT * FROM read_csv('{folder / 'stays.csv'}')) TO '{folder / 'bare.parquet'}' (COMPRESSION zstd)"
    )
    return asdict(Spent.so_far() - begun)


def measured(what: str, rows: int) -> dict[str, Any]:
    """Run `load` or `copy` on a file of so many rows, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="xunzhi-bench-") as name:
        folder = Path(name)
        duckdb.execute(CSV.replace("$rows", str(rows)).replace("$file", str(folder / "stays.csv")))
        command = [sys.executable, "-m", "benchmarks.ingest", what, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return dict(json.loads(done.stdout))


def _rate(rows: int, found: dict[str, Any]) -> bool:
    """Print the rows a second, and what they would be if the process had both cores for itself throughout."""
    held = claim(f"rows a second of {rows:,}", rows / found["clock"], at_least=300_000)
    in_cpu(CORES * rows / found["cpu"])
    return held


def main() -> int:
    """Print the claims; exit code 1 if one is missed."""
    bare = measured("copy", LARGE)
    loads = {rows: measured("load", rows) for rows in (SMALL, LARGE, HUGE)}
    for rows, found in loads.items():
        print(
            f"  {rows:,} rows: {found['clock']:.1f} s, {rows / found['clock']:,.0f} rows/s, "
            f"{found['cpu']:.1f} s of CPU, peak {found['gigabytes']:.2f} GB"
        )
    print(f"  bare DuckDB copy of {LARGE:,} rows: {bare['clock']:.1f} s, {bare['cpu']:.1f} s of CPU")
    large, huge = loads[LARGE], loads[HUGE]
    held = [_rate(rows, loads[rows]) for rows in (LARGE, HUGE)]
    held.append(claim("time over a bare DuckDB CSV to Parquet copy", large["clock"] / bare["clock"], at_most=6))
    in_cpu(large["cpu"] / bare["cpu"])
    held += [
        claim("peak memory at twice the rows", huge["gigabytes"] / large["gigabytes"], at_most=1.1),
        claim("peak memory (GB)", huge["gigabytes"], at_most=2.5),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"load": load, "copy": copy}[sys.argv[1]](Path(sys.argv[2]))))
    else:
        sys.exit(main())
