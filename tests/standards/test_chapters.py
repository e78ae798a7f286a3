"""Diseases and operations fall into the chapter whose range holds their code."""

from __future__ import annotations

import pyarrow as pa
import pytest

from xunzhi.measures.engine import DuckEngine
from xunzhi.standards import load_pack

PACK = load_pack()
CATEGORIES = [f"{letter}{number:02d}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for number in range(100)]
NUMBERS = [f"{number:02d}" for number in range(100)]


def chapters(column: str, **tables: dict[str, list[object]]) -> list[str | None]:
    """The chapter of each stay of the grain `discharge`, in the order of their numbers."""
    size = len(next(iter(tables.values()))["encounter_id"])
    stays = {"encounter_id": [f"{number:05d}" for number in range(size)], "discharge_time": ["2026-03-01"] * size}
    rows = {
        name: pa.table({"institution": ["H1"] * size, **given})
        for name, given in {"encounter": stays, **tables}.items()
    }
    with DuckEngine.of(PACK, rows) as engine:
        return engine.query(f"SELECT {column} FROM ({PACK.grains['discharge'].sql}) ORDER BY encounter_id")[
            column
        ].to_pylist()


def within(codes: str, found: str) -> str | None:
    """The range of a code list that a number lies in."""
    bounds = ((chapter, *chapter.split("-")) for chapter in PACK.codes[codes].codes)
    return next((chapter for chapter, *ends in bounds if ends[0] <= found <= ends[-1]), None)


@pytest.mark.parametrize("written", ["{}.900", "{}", "{}.0x01"])
def test_a_principal_diagnosis(written: str) -> None:
    known = [category for category in CATEGORIES if within("ICD10_CHAPTER", category)]
    assert len(known) > 2500
    diagnosis = {
        "encounter_id": [f"{number:05d}" for number in range(len(known))],
        "kind": ["principal"] * len(known),
        "sequence": [1] * len(known),
        "icd10": [written.format(category) for category in known],
    }
    assert chapters("disease_chapter", diagnosis=diagnosis) == [within("ICD10_CHAPTER", one) for one in known]


def test_an_operation() -> None:
    procedure = {
        "encounter_id": [f"{number:05d}" for number in range(100)],
        "category": ["operation"] * 100,
        "sequence": [1] * 100,
        "icd9cm3": [f"{number}.4500" for number in NUMBERS],
    }
    found = chapters("operation_chapter", procedure=procedure)
    assert found == [within("ICD9CM3_CHAPTER", number) for number in NUMBERS]
    assert None not in found


@pytest.mark.parametrize("wrong", [None, "", "?", "3", "心梗", "BNA010"])
def test_what_is_no_code_has_no_chapter(wrong: str | None) -> None:
    diagnosis = {"encounter_id": ["00000"], "kind": ["principal"], "sequence": [1], "icd10": [wrong]}
    procedure = {"encounter_id": ["00000"], "category": ["operation"], "sequence": [1], "icd9cm3": [wrong]}
    assert chapters("disease_chapter", diagnosis=diagnosis) == [None]
    assert chapters("operation_chapter", procedure=procedure) == [None]
