"""Spoilt values are about as many as asked for, and each one is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from xunzhi.synth.schema import canonical_tables

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def notes(faulty_folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = pq.read_table(faulty_folder / "dirt.parquet").to_pylist()
    return rows


def test_about_one_percent_of_rows_is_spoilt(faulty: Ask, notes: list[dict[str, str]]) -> None:
    rows = sum(faulty(f"SELECT count(*) FROM {table}")[0][0] for table in {note["table"] for note in notes})
    assert 0.004 < len(notes) / rows < 0.011
    assert set(Counter(note["what"] for note in notes)) == {
        "missing", "impossible date", "unknown code", "unit slip", "full-width digits", "duplicate",
    }  # fmt: skip


def test_every_unknown_code_in_the_data_is_noted_and_the_other_way_round(
    faulty: Ask, notes: list[dict[str, str]]
) -> None:
    for table in ("encounter", "document", "medical_order"):
        noted = Counter(note["column"] for note in notes if note["table"] == table and note["what"] == "unknown code")
        coded = [name for name, column in canonical_tables()[table].columns.items() if column.codes]
        for column in coded:
            assert faulty(f"SELECT count(*) FROM {table} WHERE {column} = '??'")[0][0] == noted.get(column, 0), column


def test_duplicates_and_missing_values_are_where_the_notes_say(faulty: Ask, notes: list[dict[str, str]]) -> None:
    for note in [note for note in notes if note["table"] == "encounter"]:
        institution, encounter = note["key"].split("|")
        rows = f"FROM encounter WHERE institution = '{institution}' AND encounter_id = '{encounter}'"
        if note["what"] == "duplicate":
            assert faulty(f"SELECT count(*) {rows}") == [(2,)]
        if note["what"] == "missing":
            assert faulty(f"SELECT count({note['column']}) {rows}")[0][0] == 0


def test_keys_are_never_spoilt(faulty: Ask) -> None:
    assert faulty("SELECT count(*) FROM encounter WHERE encounter_id IS NULL OR encounter_id LIKE '%０%'") == [(0,)]
