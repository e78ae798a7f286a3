"""An extract names no patient, and still joins."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from xunzhi.lake import Lake, LakeError, deidentify
from xunzhi.lake.deidentify import deidentified
from xunzhi.standards import load_pack
from xunzhi.standards.tables import Sensitivity
from xunzhi.synth import Hospital, generate

TABLES = ("encounter", "front_page", "diagnosis", "document", "staff")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A small synthetic hospital, names and texts included."""
    folder = tmp_path_factory.mktemp("hospital")
    generate(Hospital(beds=20, months=3), folder / "source")
    lake = Lake(folder, load_pack())
    with lake.write("synthetic") as transaction:
        for table in TABLES:
            transaction.upsert(
                table, f"SELECT * FROM read_parquet('{folder}/source/{table}/*.parquet', union_by_name=true)"
            )
    return lake


def values(sql: str) -> set[str]:
    """The values of one column."""
    return {str(row[0]) for row in duckdb.sql(sql).fetchall() if row[0] is not None}


def test_no_name_number_or_text_is_in_it(lake: Lake, tmp_path: Path) -> None:
    snapshot = lake.snapshot()
    made = deidentified(snapshot, tmp_path / "out", TABLES)
    for table in TABLES:
        assert made[table] == snapshot.rows(table) > 0
        written = f"read_parquet('{tmp_path}/out/{table}.parquet')"
        columns = values(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {written})")
        for name, column in lake.tables[table].columns.items():
            if column.sensitivity is Sensitivity.IDENTIFYING:
                assert name not in columns
            elif column.sensitivity is not Sensitivity.OPEN and column.type == "text":
                stored = values(f"SELECT {name} FROM ({snapshot.view_sql(table)})")
                assert not stored & values(f"SELECT {name} FROM {written}")


def test_rows_of_one_stay_still_belong_together(lake: Lake, tmp_path: Path) -> None:
    deidentified(lake.snapshot(), tmp_path / "out", TABLES)
    snapshot = lake.snapshot()
    for one, other, by in (
        ("encounter", "diagnosis", "encounter_id"),
        ("encounter", "staff", "attending_doctor = staff"),
    ):
        on = f"USING ({by})" if "=" not in by else f"ON {by}"
        stored = [f"({snapshot.view_sql(table)})" for table in (one, other)]
        written = [f"read_parquet('{tmp_path}/out/{table}.parquet')" for table in (one, other)]
        before, after = (
            duckdb.sql(f"SELECT count(*) FROM {left} JOIN {right} {on}").fetchall() for left, right in (stored, written)
        )
        assert before == after > [(0,)]


def test_two_extracts_can_not_be_joined(lake: Lake, tmp_path: Path) -> None:
    marks = []
    for folder in ("one", "two"):
        deidentified(lake.snapshot(), tmp_path / folder, ["encounter"], ending="csv")
        marks.append(values(f"SELECT encounter_id FROM '{tmp_path}/{folder}/encounter.csv'"))
    assert marks[0]
    assert not marks[0] & marks[1]


def test_of_birth_the_year_stays_and_nobody_is_older_than_90(lake: Lake, tmp_path: Path) -> None:
    deidentified(lake.snapshot(), tmp_path / "out", ["encounter"])
    written = f"read_parquet('{tmp_path}/out/encounter.parquet')"
    assert all(day.endswith("-01-01") for day in values(f"SELECT birth_date FROM {written}"))
    ages = {int(age) for age in values(f"SELECT age_years FROM {written}")}
    assert max(ages) <= 90
    stored = f"({lake.snapshot().view_sql('encounter')})"
    same = duckdb.sql(f"SELECT count(*) FILTER (age_years IS NULL), sum(least(age_years, 90)) FROM {stored}").fetchall()
    assert duckdb.sql(f"SELECT count(*) FILTER (age_years IS NULL), sum(age_years) FROM {written}").fetchall() == same


def test_only_the_months_asked_for(lake: Lake, tmp_path: Path) -> None:
    month = lake.snapshot().months("encounter")[1]
    made = deidentified(lake.snapshot(), tmp_path / "out", ["encounter", "staff"], [month])
    assert 0 < made["encounter"] < lake.snapshot().rows("encounter")
    assert made["staff"] == lake.snapshot().rows("staff")


def test_mistakes_are_said_and_nothing_is_written(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no table encounters"):
        deidentified(lake.snapshot(), tmp_path / "out", ["encounters"])
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("x")
    with pytest.raises(LakeError, match="not empty"):
        deidentified(lake.snapshot(), tmp_path / "full", ["encounter"])
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["notes.txt"]
    with pytest.raises(LakeError, match="can't be written"):
        deidentified(lake.snapshot(), tmp_path / "full" / "notes.txt" / "below", ["encounter"])
    with pytest.raises(LakeError, match="can't be written"):
        deidentified(lake.snapshot(), tmp_path / "full" / "notes.txt", ["encounter"])


def test_what_was_killed_in_the_middle_leaves_no_extract_and_the_next_one_begins_anew(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deidentify, "_told", killed)
        with pytest.raises(KeyboardInterrupt):
            deidentified(lake.snapshot(), tmp_path / "out", ["encounter"])
    assert not list((tmp_path / "out").iterdir())
    (tmp_path / "out" / deidentify.UNFINISHED).mkdir()  # as a power failure leaves it
    assert deidentified(lake.snapshot(), tmp_path / "out", ["staff"])["staff"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["columns.csv", "staff.parquet"]


def test_nobody_else_reads_an_extract(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir(mode=0o750)
    for name, mode in (("given", 0o750), ("new", 0o700)):
        deidentified(lake.snapshot(), tmp_path / name, ["staff"])
        assert (tmp_path / name).stat().st_mode & 0o777 == mode
