"""Excel, Parquet, databases and front-page upload files."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import sqlalchemy as sa

from tests.postgresql import programs, server
from xunzhi.lake import Lake
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.propose import propose
from xunzhi.lake.quarantine import entries
from xunzhi.lake.report import Report
from xunzhi.standards import StandardsError, load_pack


def run(lake: Lake, folder: Path, source: str, columns: str = "") -> Report:
    file = folder / "mapping.yaml"
    file.write_text(
        "mapping: m\ninstitution: H1\n"
        f"source: {source}\n"
        "tables:\n  encounter:\n    columns:\n"
        "      encounter_id: id\n      patient_id: pid\n      admission_time: at\n" + columns,
        encoding="utf-8",
    )
    (report,) = ingest(lake, load_mapping(file, lake.pack))
    return report


def stays(lake: Lake, columns: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"SELECT {columns} FROM ({lake.snapshot().view_sql('encounter')}) ORDER BY ALL").fetchall()


def test_excel(lake: Lake, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("住院")
    for row in (
        ["住院明细", None, None, None],
        ["id", "pid", "at", "cost"],
        ["E1", 17, datetime.fromisoformat("2026-03-05 08:30"), 12.5],
        [None, None, None, None],
        ["E2", "P2", date.fromisoformat("2026-03-06"), 3],
        ["E3", None, "2026-03-07", 1],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    book.save(tmp_path / "in.xlsx")
    report = run(lake, tmp_path, "{type: excel, path: in.xlsx, sheet: 住院, header: 2}", "      total_cost: cost\n")
    assert stays(lake, "encounter_id, patient_id, admission_time::VARCHAR, total_cost::VARCHAR") == [
        ("E1", "17", "2026-03-05 08:30:00", "12.50"),
        ("E2", "P2", "2026-03-06 00:00:00", "3.00"),
    ]
    assert report.quarantined == 1
    quarantined = duckdb.sql(f"SELECT line FROM ({lake.snapshot().view_sql('ingest_quarantine')})").fetchall()
    assert quarantined == [(6,)]


def test_parquet_keeps_types(lake: Lake, tmp_path: Path) -> None:
    rows = "SELECT 'E' || i AS id, i AS pid, TIMESTAMP '2026-03-05 08:00' AS at, i + 0.5 AS age FROM range(2) t(i)"
    duckdb.sql(rows).write_parquet(str(tmp_path / "in.parquet"))
    report = run(lake, tmp_path, "{type: parquet, path: in.parquet}", "      age_years: age + 0.5\n")
    assert stays(lake, "encounter_id, patient_id, age_years") == [("E0", "0", 1), ("E1", "1", 2)]
    assert report.quarantined == 0


def test_parquet_files_are_one_delivery_together(lake: Lake, tmp_path: Path) -> None:
    """The second file has a column less, and a row without patient: its file and its row there are kept."""
    first = "SELECT 'E' || i AS id, 'P' AS pid, TIMESTAMP '2026-03-05 08:00' AS at, i AS age FROM range(3) t(i)"
    second = (
        "SELECT * FROM (VALUES ('E7', 'P', '2026-03-06'::TIMESTAMP), ('E8', NULL, '2026-03-07')) t(id, pid, \"at\")"
    )
    duckdb.sql(first).write_parquet(str(tmp_path / "2026-01.parquet"))
    duckdb.sql(second).write_parquet(str(tmp_path / "2026-02.parquet"))
    source = "{type: parquet, path: 2026-*.parquet, together: true}"
    report = run(lake, tmp_path, source, "      age_years: age\n")
    assert (report.records, report.accepted, report.quarantined, report.version) == (5, 4, 1, 1)
    assert stays(lake, "encounter_id, age_years") == [("E0", 0), ("E1", 1), ("E2", 2), ("E7", None)]
    (refused,) = entries(lake.snapshot())
    assert (refused["record"], refused["line"]) == (5, 2)
    assert json.loads(refused["raw"])["_file"] == "2026-02.parquet"
    assert run(lake, tmp_path, source, "      age_years: age\n").already == 1


def test_only_parquet_is_read_together(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(StandardsError, match="together"):
        run(lake, tmp_path, "{type: csv, path: '*.csv', together: true}")


def test_sqlite(lake: Lake, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "his.db") as connection:
        connection.execute("CREATE TABLE stay (id TEXT, pid INTEGER, at TEXT)")
        connection.executemany("INSERT INTO stay VALUES (?, ?, ?)", [("E1", 5, "2026-03-05"), ("E2", 6, "2026-03-06")])
    connection.close()
    source = "{type: sql, url: 'sqlite:///his.db', query: SELECT * FROM stay}"
    assert run(lake, tmp_path, source).accepted == 2
    assert stays(lake, "encounter_id, patient_id") == [("E1", "5"), ("E2", "6")]
    again = run(lake, tmp_path, source)
    assert again.accepted == 0


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A throw-away PostgreSQL server; its URL without password."""
    if programs() is None:
        pytest.skip("no PostgreSQL")
    with server("reader", "s3cret/@:") as at:
        yield f"postgresql://reader:${{HIS_PASSWORD}}@{at}/postgres"


def test_postgresql(lake: Lake, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIS_PASSWORD", "s3cret/@:")
    url = postgres.replace("${HIS_PASSWORD}", "s3cret%2F%40%3A").replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE stay (id text, pid int, at timestamp, cost numeric(12,4), day bool)"))
        connection.execute(
            sa.text(
                "INSERT INTO stay SELECT '住' || i, i, timestamp '2026-03-01' + i * interval '1 minute', i / 4.0, "
                "i % 2 = 0 "
                "FROM generate_series(1, 45000) i"
            )
        )
        connection.execute(sa.text("INSERT INTO stay VALUES ('住0', NULL, NULL, NULL, NULL)"))
    engine.dispose()
    source = f"{{type: sql, url: '{postgres}', query: 'SELECT * FROM stay'}}"
    report = run(lake, tmp_path, source, "      total_cost: cost\n      day_surgery: day\n")
    assert (report.records, report.accepted, report.quarantined) == (45001, 45000, 1)
    assert stays(lake, "*")[0] is not None
    one = duckdb.sql(
        "SELECT patient_id, admission_time::VARCHAR, total_cost::VARCHAR, day_surgery "
        f"FROM ({lake.snapshot().view_sql('encounter')}) WHERE encounter_id = '住3'"
    ).fetchall()
    assert one == [("3", "2026-03-01 00:03:00", "0.75", False)]
    assert "s3cret" not in report.source
    assert report.source.startswith("postgresql://reader:${HIS_PASSWORD}@")


def test_a_front_page_upload_file(tmp_path: Path) -> None:
    codes = ["A01", "A48", "A49", "A12C", "A14", "B12", "B15", "B16C", "B17", "B13C", "B34C", "C01C", "C02N", "C03C"]
    codes += ["C04N", "C05C", "C09C", "C10N", "C11", "C12C", "C13N", "C14x01C", "C15x01N", "C16x01", "C17x01", "C18x01"]
    codes += ["C19x01", "C20x01", "C21x01C", "C22x01C", "C23x01", "D01"]
    codes += [code for n in range(1, 4) for code in (f"C06x{n:02}C", f"C07x{n:02}N", f"C08x{n:02}C")]
    operation = ("C35x{n}C", "C36x{n}N", "C37x{n}", "C38x{n}", "C39x{n}", "C40x{n}", "C41x{n}", "C42x{n}C", "C43x{n}C")
    codes += [code.replace("{n}", f"{n:02}") for n in range(1, 3) for code in (*operation, "C44x{n}")]
    row = dict.fromkeys(codes, "-") | {"A01": "X", "A48": "0012", "A49": "2", "A12C": "1", "A14": "60", "B34C": "1"}
    row |= {"B12": "2026-03-01 08:00:00", "B15": "2026-03-09 10:00:00", "B16C": "0304", "B17": "W1", "B13C": "0304"}
    row |= {
        "C03C": "I21.0",
        "C04N": "急性前壁心肌梗死",
        "C05C": "1",
        "C06x01C": "I10",
        "C07x01N": "高血压",
        "C08x01C": "1",
    }
    row |= {"C08x01C": "1", "C06x02C": "E11.9", "C07x02N": "2型糖尿病", "C08x02C": "1", "D01": "43210.55"}
    row |= {"C14x01C": "36.0601", "C15x01N": "支架置入", "C16x01": "2026-03-01", "C17x01": "4", "C18x01": "张三"}
    row |= {"C35x01C": "88.5501", "C36x01N": "造影", "C37x01": "2026-03-01", "C37x02": ""}
    file = tmp_path / "hqms.csv"
    with file.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(codes)
        writer.writerow(row.values())
    lake = Lake(tmp_path / "home", load_pack(), memory="500MB")
    (tmp_path / "mapping.yaml").write_text(propose(lake.pack, str(file), folder=tmp_path), encoding="utf-8")
    (report,) = ingest(lake, load_mapping(tmp_path / "mapping.yaml", lake.pack))
    assert report.quarantined == 0, report.text("en")
    snapshot = lake.snapshot()

    def table(name: str, columns: str) -> list[tuple[Any, ...]]:
        return duckdb.sql(f"SELECT {columns} FROM ({snapshot.view_sql(name)}) ORDER BY ALL").fetchall()

    assert table("encounter", "encounter_id, patient_id, visit_number, total_cost::VARCHAR") == [
        ("0012-2", "0012", 2, "43210.55")
    ]
    assert table("diagnosis", "kind, sequence, icd10, admission_condition") == [
        ("other", 1, "I10", "1"),
        ("other", 2, "E11.9", "1"),
        ("principal", 1, "I21.0", "1"),
    ]
    assert table("procedure", "sequence, icd9cm3, level, surgeon") == [
        (1, "36.0601", "4", "张三"),
        (2, "88.5501", None, None),
    ]
    assert snapshot.rows("front_page") == 1
