"""Explaining a number and looking at the cases behind it."""

from __future__ import annotations

import pytest

from tests.measures.facts import PACK, put, stays
from xunzhi.lake import Lake
from xunzhi.measures import DuckEngine, Mask, Wanted, cases, explain


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path, PACK)
    facts = stays(
        ("P1", "心内科", "2026-01-02", "2026-01-12", True),
        ("P2", "心内科", "2026-01-02", "2026-01-09", False),
        ("P3", "骨科", "2026-01-02", "2026-01-20", True),
        ("P4", "骨科", "2026-01-02", "2026-02-20", True),
    )
    put(lake, encounter=facts)
    return lake


@pytest.fixture
def engine(lake):
    with DuckEngine.on(lake.snapshot()) as engine:
        yield engine


def test_each_clause_says_how_many_rows_it_leaves(engine):
    explanation = explain(engine, PACK, PACK.indicators["survivors_returned"], "2026-01")
    numerator = [(clause.text, clause.rows) for clause in explanation.clauses if clause.part == "numerator"]
    assert [rows for _, rows in numerator] == [3, 0, 0]
    assert [text for text, _ in numerator][1:] == ["returned", "NOT died"]


def test_the_sql_shown_gives_the_number(engine):
    explanation = explain(engine, PACK, PACK.indicators["mortality"], "2026Q1")
    assert engine.connection.sql(explanation.sql["numerator"]).fetchall() == [("H1", 3)]
    assert engine.connection.sql(explanation.sql["denominator"]).fetchall() == [("H1", 4)]


def test_a_definition_is_the_one_in_force(engine):
    assert explain(engine, PACK, PACK.indicators["long_stay"], "2026-01").revision == 0
    assert explain(engine, PACK, PACK.indicators["long_stay"], "2026-03").revision == 1


def test_cases_of_a_department_with_masked_patients(engine, tmp_path):
    wanted = Wanted("2026-01", stratum="department", unit="骨科", institution="H1")
    rows = cases(engine, PACK, PACK.indicators["mortality"], wanted, Mask.of(tmp_path)).to_pylist()
    assert [row["encounter_id"] for row in rows] == ["E2"]
    assert rows[0]["patient_id"].startswith("P")
    assert rows[0]["patient_id"] != "P3"


def test_a_mask_is_the_same_every_time_in_one_place_and_different_in_another(tmp_path):
    here, there = tmp_path / "a", tmp_path / "b"
    assert Mask.of(here).text("P3") == Mask.of(here).text("P3")
    assert Mask.of(here).text("P3") != Mask.of(there).text("P3")
    assert (here / "mask.key").stat().st_mode & 0o077 == 0


def test_cases_show_who_they_are_only_without_a_mask(engine):
    rows = cases(engine, PACK, PACK.indicators["mortality"], Wanted("2026"), None)
    assert rows["patient_id"].to_pylist() == ["P1", "P3", "P4"]
    denominator = cases(engine, PACK, PACK.indicators["mortality"], Wanted("2026", part="denominator"), None)
    assert denominator.num_rows == 4


def test_a_stratum_that_the_grain_has_not_is_refused(engine):
    with pytest.raises(ValueError, match="not divided by doctor"):
        cases(engine, PACK, PACK.indicators["falls"], Wanted("2026-01", stratum="doctor", unit="张"), None)


def test_a_name_with_a_quote_is_only_a_name(engine):
    wanted = Wanted("2026-01", stratum="department", unit="'; DROP TABLE x; --", institution="H1")
    assert cases(engine, PACK, PACK.indicators["mortality"], wanted, None).num_rows == 0


def test_made_of_other_indicators_says_so(engine):
    with pytest.raises(ValueError, match="other indicators"):
        cases(engine, PACK, PACK.indicators["returned_to_mortality"], Wanted("2026-01"), None)
