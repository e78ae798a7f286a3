"""A month is final only when what its indicators look for can no longer happen."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.measures.facts import PACK, put, stays
from xunzhi.lake import Lake
from xunzhi.measures import MeasureStore, measure
from xunzhi.measures.coverage import Coverage
from xunzhi.measures.results import follow_up
from xunzhi.standards import load_pack

FORWARD = re.compile(r"_within_\w+$|_on_time$|returned_\w+$|_48h$|_72h$|readmi")
LOOK_BACK = {
    # dated by the day on which the time is up, or by the discharge after the operations
    "event_due.verified_on_time", "finding_due.done_on_time", "follow_up.done_on_time",
    "surgical_stay.returned_48h", "surgical_stay.returned_31d",
    "discharge.died_within_24h", "discharge.died_within_48h",
    "discharge_record.operation_notes_on_time", "discharge_record.rescue_notes_on_time",
    # minutes
    "consultation.arrived_within_10min", "consultation.ordered_within_40min",
}  # fmt: skip


def daily(first: str, days: int) -> list[tuple[str, str, str, str, bool]]:
    """Three discharges a day."""
    start = datetime.fromisoformat(first)
    times = [start + timedelta(days=day, hours=hour) for day in range(days) for hour in (8, 9, 10)]
    return [(f"P{n}", "心内科", f"{at - timedelta(days=2)}", f"{at}", False) for n, at in enumerate(times)]


def provisional(home: Path, indicator: str) -> list[str]:
    rows = MeasureStore(home).all_results().to_pylist()
    return sorted(
        row["period"]
        for row in rows
        if (row["indicator"], row["period_kind"], row["stratum"]) == (indicator, "month", "hospital")
        and row["provisional"]
    )


def results(home: Path) -> list[tuple[object, ...]]:
    found = MeasureStore(home).all_results().drop_columns(["lake_version"]).to_pylist()
    return sorted((tuple(row.values()) for row in found), key=str)


def test_readmissions_stay_provisional_until_31_days_have_passed(tmp_path: Path) -> None:
    lake = Lake(tmp_path, PACK, memory="500MB")
    put(lake, encounter=stays(*daily("2026-01-01", 72)))  # to the 13th of March
    measure(lake, tmp_path)
    assert provisional(tmp_path, "mortality") == ["2026-03"]
    assert provisional(tmp_path, "survivors_returned") == ["2026-02", "2026-03"]
    assert provisional(tmp_path, "returned_to_mortality") == ["2026-02", "2026-03"]
    put(lake, encounter=stays(*daily("2026-01-01", 90)))  # to the 31st of March: February is over, March is not
    measure(lake, tmp_path)
    assert provisional(tmp_path, "mortality") == []
    assert provisional(tmp_path, "survivors_returned") == ["2026-03"]
    measure(lake, tmp_path / "full", full=True)
    assert results(tmp_path) == results(tmp_path / "full")


@pytest.mark.parametrize(("today", "late"), [("2026-04-10", True), ("2026-05-10", True), ("2026-05-11", False)])
def test_the_window_and_the_days_to_settle_must_both_pass(today: str, late: bool) -> None:
    coverage = Coverage({}, date.fromisoformat(today), 10)
    assert coverage.provisional("discharge", "H1", "2026-03", 31) is late
    assert coverage.provisional("discharge", "H1", "2026-03") is (today < "2026-04-10")


def test_an_indicator_waits_for_its_own_columns_only() -> None:
    assert follow_up(PACK, PACK.indicators["mortality"]) == {"discharge": 0}
    assert follow_up(PACK, PACK.indicators["survivors_returned"]) == {"discharge": 31}


def test_every_column_of_the_pack_that_looks_forward_says_how_far() -> None:
    pack = load_pack()
    silent = [
        f"{name}.{column}"
        for name, grain in pack.grains.items()
        for column, meaning in grain.columns.items()
        if FORWARD.search(column) and not meaning.follow_up_days and f"{name}.{column}" not in LOOK_BACK
    ]
    assert silent == []
    waiting = {name for name, item in pack.indicators.items() if max(follow_up(pack, item).values(), default=0) > 0}
    assert {"hosp_readmission_31d", "icu_return_48h"} & set(pack.indicators) <= waiting
    assert len(waiting) > 20
