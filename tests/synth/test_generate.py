"""The same seed gives the same bytes, and a month does not care how many others there are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from xunzhi.synth import Hospital, beds_for, generate

TINY = {"beds": 60, "detail": 0.3}


def contents(folder: Path, ending: str = "*.parquet") -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob(ending))}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        generate(Hospital(months=1, seed=seed, **TINY), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one", "truth.json") == contents(tmp_path / "two", "truth.json")
    assert (
        contents(tmp_path / "one")["encounter/2025-01.parquet"]
        != contents(tmp_path / "three")["encounter/2025-01.parquet"]
    )


def test_a_month_is_the_same_however_many_months_are_made(tmp_path: Path) -> None:
    for months in (1, 3):
        generate(Hospital(months=months, dirt=0.01, **TINY), tmp_path / str(months))
    short, long = contents(tmp_path / "1"), contents(tmp_path / "3")
    monthly = [name for name in short if name.endswith("2025-01.parquet")]
    assert len(monthly) > 40
    assert {name: short[name] for name in monthly} == {name: long[name] for name in monthly}


def test_rows_grow_with_beds_and_months(tmp_path: Path) -> None:
    stays = {}
    for beds, months in ((200, 1), (400, 1), (200, 2)):
        summary = generate(Hospital(beds=beds, months=months, detail=0.3, dirt=0), tmp_path / f"{beds}x{months}")
        stays[beds, months] = summary.rows["encounter"]
    assert stays[400, 1] == pytest.approx(2 * stays[200, 1], rel=0.2)
    assert stays[200, 2] == pytest.approx(2 * stays[200, 1], rel=0.2)


def test_a_hospital_can_be_sized_by_its_discharges(tmp_path: Path) -> None:
    hospital = Hospital(beds=beds_for(2000, 2), months=2, start=date(2025, 3, 1), detail=0.2, dirt=0)
    assert generate(hospital, tmp_path / "out").rows["encounter"] == pytest.approx(2000, rel=0.15)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="不是空目录"):
        generate(Hospital(months=1, **TINY), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_tables_can_be_written_as_chinese_csv_too(tmp_path: Path) -> None:
    generate(Hospital(months=1, dirt=0, **TINY), tmp_path / "out", csv=("encounter",), encoding="gb18030")
    lines = (tmp_path / "out/csv/encounter_2025-01.csv").read_bytes().decode("gb18030").splitlines()
    assert lines[0].startswith('"institution","encounter_id"')
    assert len(lines) > 50


def test_the_year_after_the_known_calendar_is_marked(tmp_path: Path) -> None:
    generate(Hospital(months=1, start=date(2090, 5, 1), dirt=0, **TINY), tmp_path / "out")
    marks = pq.read_table(tmp_path / "out/calendar/calendar.parquet")["name"].to_pylist()
    assert all("仅按周末" in mark for mark in marks)


def test_make_up_days_are_worked(clean) -> None:  # type: ignore[no-untyped-def]
    """2025-01-26 was a Sunday worked for the Spring Festival; 2025-01-29 was its first day."""
    days = dict(clean("SELECT CAST(day AS VARCHAR), working FROM calendar"))
    assert days["2025-01-26"] is True
    assert days["2025-01-29"] is False
    assert days["2025-02-05"] is True
