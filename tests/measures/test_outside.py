"""A proportion whose numerator leaves its denominator is an error, not a number."""

from __future__ import annotations

from dataclasses import replace

from tests.measures.facts import PACK, put, stays
from xunzhi.lake import Lake
from xunzhi.measures import MeasureStore, Readings, measure
from xunzhi.standards import Indicator


def broken() -> Indicator:
    spec = PACK.indicators["survivors_returned"].model_dump(by_alias=True)
    spec["revisions"][0]["numerator"]["count"] = "died"
    return Indicator.model_validate(spec)


STAYS = stays(
    ("P1", "心内科", "2026-01-02", "2026-01-12", True),
    ("P2", "心内科", "2026-01-02", "2026-01-09", False),
)


def test_the_indicator_is_withheld_and_names_the_cases(tmp_path):
    indicators = {"survivors_returned": broken(), "mortality": PACK.indicators["mortality"]}
    lake = Lake(tmp_path, replace(PACK, indicators=indicators))
    put(lake, encounter=STAYS)
    run = measure(lake, tmp_path)
    assert set(MeasureStore(tmp_path).all_results()["indicator"].to_pylist()) == {"mortality"}
    assert [fault.indicator for fault in run.faults] == ["survivors_returned"]
    assert run.faults[0].message.startswith("1 rows of discharge are in the numerator but not in the denominator")
    assert run.faults[0].message.endswith(": H1 E0")
    assert Readings(lake, tmp_path).state.faults == {"survivors_returned": run.faults[0].message}


def test_new_facts_that_contradict_a_definition_take_its_results_away_until_they_are_mended(tmp_path):
    lake = Lake(tmp_path, replace(PACK, indicators={"survivors_returned": broken()}))
    old = stays(("P1", "心内科", "2025-01-02", "2025-01-12", False))
    new = {**stays(("P2", "骨科", "2026-01-02", "2026-01-12", True))[0], "encounter_id": "E9"}
    put(lake, encounter=old)
    assert not measure(lake, tmp_path).faults
    put(lake, encounter=[new])
    assert [fault.indicator for fault in measure(lake, tmp_path).faults] == ["survivors_returned"]
    assert not MeasureStore(tmp_path).all_results().num_rows
    put(lake, encounter=[{**new, "died": False}])
    assert not measure(lake, tmp_path).faults
    assert {"2025-01", "2026-01"} <= set(MeasureStore(tmp_path).all_results()["period"].to_pylist())
