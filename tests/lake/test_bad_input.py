"""Bad input gives one clear message, in both languages, and leaves the lake as it was."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xunzhi.lake import Lake, LakeBusyError, LakeError
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.sources import excel
from xunzhi.standards import StandardsError

Refused = Callable[..., str]

GOOD = """
mapping: encounters
institution: H1
source: {type: csv, path: in.csv}
tables:
  encounter:
    columns: {encounter_id: id, patient_id: pid, admission_time: at}
"""


@pytest.fixture
def refused(lake: Lake, tmp_path: Path) -> Iterator[Refused]:
    """Load a mapping over a lake with something in it; returns the message."""
    with lake.write("before") as tx:
        tx.upsert("department", "SELECT 'H1' AS institution, 'D1' AS department, '内科' AS name")
    (tmp_path / "in.csv").write_text("id,pid,at\nE1,P1,2026-03-01\n", encoding="utf-8")

    def run(mapping: str, **files: bytes) -> str:
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_bytes(content)
        file = tmp_path / "mapping.yaml"
        file.write_text(textwrap.dedent(mapping), encoding="utf-8")
        with pytest.raises((LakeError, StandardsError)) as error:
            list(ingest(lake, load_mapping(file, lake.pack)))
        return str(error.value).replace(f"{tmp_path}/", "")

    yield run
    assert lake.version() == 1
    assert sorted(path.name for path in lake.root.iterdir()) == ["_lock", "_versions", "department"]


def workbook(path: Path, rows: list[list[Any]], merged: str | None = None) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(path)


def test_an_unknown_column_of_the_source(refused: Refused) -> None:
    said = refused(GOOD.replace("pid,", "patient,"))
    assert said.startswith("mapping.yaml:7: tables.encounter.columns.patient_id: ")
    assert 'Referenced column "patient" not found' in said
    assert "the columns are: id, pid, at" in said


def test_an_unknown_canonical_column(refused: Refused) -> None:
    said = refused(GOOD.replace("patient_id", "pateint_id"))
    assert (
        said
        == "mapping.yaml:7: tables.encounter.columns.pateint_id: no column 'pateint_id'; did you mean 'patient_id'?"
    )


def test_an_unknown_table_and_an_unknown_field(refused: Refused) -> None:
    assert "no table 'encounters'; did you mean 'encounter'?" in refused(GOOD.replace("  encounter:", "  encounters:"))
    assert "mapping.yaml:4: source.pth: no such field here" in refused(GOOD.replace("path:", "pth:"))


def test_a_required_column_that_nothing_fills(refused: Refused) -> None:
    said = refused(GOOD.replace(", admission_time: at", ""))
    assert (
        said
        == "mapping.yaml:6: tables.encounter: nothing fills the required column admission_time; map it under columns"
    )


def test_an_expression_that_is_not_sql(refused: Refused) -> None:
    assert "mapping.yaml:7: tables.encounter.columns.admission_time: Parser Error" in refused(
        GOOD.replace(": at", ": at +")
    )
    assert "mapping.yaml:7: tables.encounter.where: " in refused(
        GOOD.replace("  columns", "  where: idd > 1\n    columns")
    )


def test_an_unknown_view(refused: Refused) -> None:
    assert "no source or view 'stays'; there are: source" in refused(
        GOOD.replace("  columns", "  from: stays\n    columns")
    )


def test_an_empty_file(refused: Refused) -> None:
    assert "in.csv is empty. Nothing was loaded" in refused(GOOD, in_csv=b"")


def test_no_file(refused: Refused) -> None:
    assert "No file matches none-*.csv" in refused(GOOD.replace("in.csv", "none-*.csv"))


def test_a_file_that_is_no_parquet_or_excel(refused: Refused) -> None:
    assert "is not a Parquet file" in refused(GOOD.replace("type: csv", "type: parquet"))
    assert "is not an Excel workbook (.xlsx)" in refused(GOOD.replace("type: csv", "type: excel"))


def test_an_excel_sheet_with_merged_headings(refused: Refused, tmp_path: Path) -> None:
    workbook(tmp_path / "in.xlsx", [["患者", None, "at"], ["id", "pid", None], ["E1", "P1", "2026-03-01"]], "A1:B1")
    excel = GOOD.replace("type: csv, path: in.csv", "type: excel, path: in.xlsx")
    said = refused(excel)
    assert "the headings on row 1 are merged cells (A1:B1). Unmerge them" in said
    assert "第 1 行列名含合并单元格" in said
    assert "has no sheet '住院'; it has: Sheet" in refused(excel.replace("in.xlsx", "in.xlsx, sheet: 住院"))


def test_merged_headings_of_a_long_sheet(refused: Refused, tmp_path: Path) -> None:
    """What is merged stands behind all rows: the sheet is read piece by piece."""
    rows = [["E1", "P1", "2026-03-01 08:00:00"]] * 12_000
    workbook(tmp_path / "in.xlsx", [["患者", None, "at"], *rows], "A1:B1")
    with zipfile.ZipFile(tmp_path / "in.xlsx") as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 2 * excel.CHUNK
    assert "merged cells (A1:B1)" in refused(GOOD.replace("type: csv, path: in.csv", "type: excel, path: in.xlsx"))


def test_a_small_workbook_that_unpacks_to_much(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_BESIDE", 1 << 20)
    workbook(tmp_path / "in.xlsx", [["id", "pid", "at"], ["E" * 30_000, "P1", ""]])
    with zipfile.ZipFile(tmp_path / "in.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", "x" * (1 << 21))
    said = refused(GOOD.replace("type: csv, path: in.csv", "type: excel, path: in.xlsx"))
    assert "unpacks to more than 1 MB of texts; save the sheet as CSV" in said


def test_an_empty_excel_sheet(refused: Refused, tmp_path: Path) -> None:
    workbook(tmp_path / "in.xlsx", [])
    assert "has no headings on row 1" in refused(GOOD.replace("type: csv, path: in.csv", "type: excel, path: in.xlsx"))


def test_passwords_stand_in_no_mapping_and_no_message(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    def database(url: str) -> str:
        return GOOD.replace("{type: csv, path: in.csv}", f"{{type: sql, url: '{url}', query: SELECT 1}}")

    assert "take the password from the environment" in refused(database("postgresql://u:secret@localhost/his"))
    assert "The environment has no HIS_PASSWORD" in refused(database("postgresql://u:${HIS_PASSWORD}@localhost/his"))
    monkeypatch.setenv("HIS_PASSWORD", "s3cret/@:")
    said = refused(database("postgresql://u:${HIS_PASSWORD}@127.0.0.1:9/his"))
    assert "postgresql://u:${HIS_PASSWORD}@127.0.0.1:9/his can't be read: " in said
    assert "s3cret" not in said


def test_two_imports_at_once(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,pid,at\nE1,P1,2026-03-01\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(GOOD, encoding="utf-8")
    mapping = load_mapping(tmp_path / "mapping.yaml", lake.pack)
    with lake.write("ingest something else"), pytest.raises(LakeBusyError, match="ingest something else"):
        list(ingest(lake, mapping))
    assert lake.version() == 0
    (report,) = ingest(lake, mapping)
    assert report.version == 1
