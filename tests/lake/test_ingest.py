"""From a file and a mapping to rows in the lake."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from xunzhi.lake import Lake
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import Mapping, load_mapping
from xunzhi.lake.quarantine import entries
from xunzhi.lake.report import Report

Make = Callable[[str], Mapping]

ENCOUNTERS = """
mapping: encounters
institution: H1
source: {type: csv, path: in.csv}
tables:
  encounter:
    columns:
      encounter_id: 住院号
      patient_id: 病案号
      sex: 性别
      age_years: 年龄
      admission_time: 入院时间
      discharge_time: 出院时间
      total_cost: 总费用
    recode:
      sex: {男: 1, 女: 2}
"""
HEAD = "住院号,病案号,性别,年龄,入院时间,出院时间,总费用\n"
ROWS = HEAD + "E1,P1,男,60,2026-03-01 08:00,2026-03-05 10:00,1000.50\nE2,P2,女,7,2026/3/2 8:05,,\n"


@pytest.fixture
def make(tmp_path: Path, lake: Lake) -> Make:
    """Write a mapping file and load it."""

    def write(text: str) -> Mapping:
        file = tmp_path / "mapping.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return load_mapping(file, lake.pack)

    return write


def load(lake: Lake, mapping: Mapping, data: str | bytes | None = None, *, force: bool = False) -> Report:
    if data is not None:
        content = data if isinstance(data, bytes) else data.encode()
        (mapping.folder / "in.csv").write_bytes(content)
    (report,) = ingest(lake, mapping, force=force)
    return report


def rows(lake: Lake, table: str, columns: str) -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {columns} FROM ({lake.snapshot().view_sql(table)}) ORDER BY ALL").fetchall()


def test_a_csv_file_becomes_typed_rows(lake: Lake, make: Make) -> None:
    report = load(lake, make(ENCOUNTERS), ROWS)
    assert report.version == 1
    assert report.accepted == 2
    assert rows(lake, "encounter", "encounter_id, sex, age_years, admission_time::VARCHAR, total_cost::VARCHAR") == [
        ("E1", "1", 60, "2026-03-01 08:00:00", "1000.50"),
        ("E2", "2", 7, "2026-03-02 08:05:00", None),
    ]
    assert rows(lake, "ingest_batch", "mapping, records, broken") == [("encounters", 2, 0)]


def test_loading_the_same_file_twice_changes_nothing(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS)
    load(lake, mapping, ROWS)
    again = load(lake, mapping)
    assert again.already == 1
    assert lake.version() == 1
    forced = load(lake, mapping, force=True)
    assert forced.accepted == 0
    assert forced.feeds["encounter#1"].lake is not None
    assert forced.feeds["encounter#1"].lake.unchanged == 2


def test_bad_rows_go_to_quarantine_with_line_column_and_reason(lake: Lake, make: Make) -> None:
    bad = (
        ROWS
        + "E3,P3,男,180,2026-03-01,2026-03-02,1\nE4,,x,abc,2026-02-30,2026-03-02,1\nE5,P5,1,5,2026-03-03,2026-03-01,5\n"
    )
    report = load(lake, make(ENCOUNTERS), bad)
    assert report.accepted == 2
    assert report.quarantined == 3
    found = entries(lake.snapshot())
    assert [(row["line"], row["column_name"], row["rule"]) for row in found] == [
        (4, "age_years", "age_years:range"),
        (5, "patient_id", "patient_id:required,sex:code,age_years:type,admission_time:type"),
        (6, "discharge_time", "discharge-after-admission"),
    ]
    assert found[0]["reason_en"] == "age_years: '180' is outside 0…130"
    assert found[0]["reason_zh"] == "年龄（age_years）的值“180”超出范围 0…130"
    assert '"病案号":"P3"' in found[0]["raw"]
    assert {row["status"] for row in found} == {"open"}
