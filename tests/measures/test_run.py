"""The main job on a small pack: values by hand, and incremental runs equal to full ones whatever was edited."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.measures.facts import PACK, put, stays
from xunzhi.lake import Lake
from xunzhi.measures import MeasureStore, Readings, calculation, measure, refresh

START = datetime(2025, 11, 1)


def stay(random: Random, number: int) -> dict[str, object]:
    admitted = START + timedelta(hours=random.randrange(24 * 200))
    return {
        "institution": random.choice(["H1", "H1", "H2"]),
        "encounter_id": f"E{number}",
        "patient_id": random.choice([None, *(f"P{number}" for number in range(12))]),
        "admission_time": admitted,
        "discharge_time": None if random.random() < 0.1 else admitted + timedelta(hours=random.randrange(24 * 40)),
        "department": random.choice(["心内科", "骨科", None]),
        "doctor": random.choice(["张", "李", "王"]),
        "died": random.choice([True, False, False, None]),
        "cost": random.randrange(9000),
    }


def drug(random: Random, number: int) -> dict[str, object]:
    return {
        "institution": random.choice(["H1", "H2"]),
        "drug_id": f"D{number}",
        "encounter_id": f"E{random.randrange(25)}",
        "given_time": START + timedelta(hours=random.randrange(24 * 240)),
        "antibiotic": random.choice([True, False]),
        "ddds": round(random.random() * 5, 3),
    }


def bed_day(random: Random, _: int) -> dict[str, object]:
    return {
        "institution": "H1",
        "department": random.choice(["心内科", "骨科"]),
        "day": (START + timedelta(days=random.randrange(220))).date(),
        "occupied": random.randrange(40),
    }


def fall(random: Random, number: int) -> dict[str, object]:
    return {
        "institution": "H1",
        "fall_id": f"F{number}",
        "fell_time": START + timedelta(hours=random.randrange(24 * 220)),
        "department": random.choice(["心内科", "骨科", "外科"]),
    }


MAKERS = {"encounter": stay, "drug": drug, "bed_day": bed_day, "fall": fall}


def batch(seed: int, size: int, **only: int) -> dict[str, list[dict[str, object]]]:
    random = Random(seed)
    wanted = only or dict.fromkeys(MAKERS, size)
    return {name: [MAKERS[name](random, random.randrange(25)) for _ in range(n)] for name, n in wanted.items()}


def rows(home: Path) -> list[tuple[object, ...]]:
    found = MeasureStore(home).all_results().drop_columns(["lake_version"]).to_pylist()
    return sorted((tuple(row.values()) for row in found), key=str)


def cubes(home: Path) -> dict[str, pa.Table]:
    root = MeasureStore(home).root
    return {str(file.relative_to(root)): pq.read_table(file) for file in sorted(root.glob("cubes/*/*.parquet"))}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10_000),
    st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=4),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([10, 1_000]),
)
def test_incremental_equals_full(tmp_path_factory, seed, edits, few, rows_at_once):
    home = tmp_path_factory.mktemp("lake")
    lake = Lake(home, PACK)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(refresh, "FEW", few)
        patched.setattr(refresh, "BATCH", rows_at_once)
        patched.setattr(calculation, "BATCH", rows_at_once)
        put(lake, **batch(seed, 20))
        measure(lake, home / "incremental")
        for step, name in enumerate(edits, start=1):
            put(lake, **batch(seed + step, 0, **{name: 2}))
            measure(lake, home / "incremental")
    measure(lake, home / "full", full=True)
    assert rows(home / "incremental") == rows(home / "full")
    assert cubes(home / "incremental") == cubes(home / "full")


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path, PACK)


def value(lake: Lake, indicator: str, period: str, unit: str = "", stratum: str = "hospital") -> dict[str, object]:
    home = lake.root.parent
    measure(lake, home)
    found = [
        row
        for row in Readings(lake, home).compared("H1", period, stratum).to_pylist()
        if row["indicator"] == indicator and row["unit"] == unit
    ]
    assert len(found) == 1
    return found[0]


def test_a_proportion_by_month_quarter_and_year(lake):
    put(
        lake,
        encounter=stays(
            ("P1", "心内科", "2026-01-02", "2026-01-31 23:59:59", True),
            ("P2", "心内科", "2026-01-02", "2026-02-01 00:00:00", False),
            ("P3", "骨科", "2026-01-02", "2026-02-03", False),
        ),
    )
    january, quarter = value(lake, "mortality", "2026-01"), value(lake, "mortality", "2026Q1")
    assert (january["numerator"], january["denominator"], january["value"]) == (1, 1, 100)
    assert (quarter["numerator"], quarter["denominator"]) == (1, 3)
    assert quarter["value"] == pytest.approx(100 / 3)
    assert value(lake, "mortality", "2026")["denominator"] == 3
    assert value(lake, "mortality", "2026-02", "心内科", "department")["value"] == 0
    assert value(lake, "mortality", "2026-02")["previous"] == 100


def test_a_grain_without_rows_is_not_computed_again(lake, tmp_path):
    put(lake, encounter=stays(("P1", "心内科", "2026-01-02", "2026-01-31", False)))
    measure(lake, tmp_path)
    put(lake, encounter=stays(("P1", "心内科", "2026-01-02", "2026-01-30", False)))
    again = measure(lake, tmp_path)
    assert not again.months["fall"]
    assert again.months["discharge"] == {"2026-01"}
    put(lake, fall=[fall(Random(1), 1)])
    assert measure(lake, tmp_path).months["fall"]
    measure(lake, tmp_path / "full", full=True)
    assert rows(tmp_path) == rows(tmp_path / "full")


def test_a_readmission_next_month_changes_the_month_of_the_first_discharge(lake):
    first = ("P1", "心内科", "2026-01-02", "2026-01-31", False)
    put(lake, encounter=stays(first, ("P2", "心内科", "2026-01-02", "2026-01-09", False)))
    assert value(lake, "survivors_returned", "2026-01")["numerator"] == 0
    put(lake, encounter=stays(first, first, ("P1", "骨科", "2026-02-20", "2026-03-02", False))[2:])
    assert value(lake, "survivors_returned", "2026-01")["numerator"] == 1


def test_zero_is_not_the_same_as_nothing_collected(lake):
    days = [
        {"institution": "H1", "department": "骨科", "day": datetime(2026, m, 15).date(), "occupied": 10}
        for m in range(1, 6)
    ]
    falls = [
        {"institution": "H1", "fall_id": f"F{m}", "fell_time": datetime(2026, m, 3), "department": "骨科"}
        for m in (2, 4)
    ]
    put(lake, bed_day=days, fall=falls)
    assert value(lake, "falls", "2026-03")["value"] == 0
    before = value(lake, "falls", "2026-01")
    assert (before["value"], before["status"]) == (None, "not_collected")


def test_without_cases_there_is_no_value_and_no_error(lake):
    put(lake, encounter=stays(("P1", "心内科", "2026-01-02", "2026-01-20", True)))
    row = value(lake, "survivors_returned", "2026-01")
    assert (row["denominator"], row["value"], row["status"]) == (0, None, "no_cases")


def test_a_month_keeps_the_definition_in_force_then(lake):
    put(
        lake,
        encounter=stays(
            ("P1", "心内科", "2026-01-01", "2026-02-01", False),  # 31 days: long under both
            ("P2", "心内科", "2026-01-01", "2026-01-26", False),  # 25 days: long under the old
            ("P3", "心内科", "2026-02-01", "2026-03-01", False),  # 28 days: not long under the new
        ),
    )
    assert value(lake, "long_stay", "2026-01")["value"] == 100
    march, quarter = value(lake, "long_stay", "2026-03"), value(lake, "long_stay", "2026Q1")
    assert (march["value"], march["revision"], march["broken"]) == (0, "2026-03-01", False)
    assert (quarter["numerator"], quarter["denominator"], quarter["broken"]) == (2, 3, True)


def test_medians_of_a_quarter_come_from_all_values_not_from_monthly_medians(lake):
    put(
        lake,
        encounter=stays(
            ("P1", "心内科", "2026-01-01", "2026-01-02", False),
            ("P2", "心内科", "2026-02-01", "2026-02-11", False),
            ("P3", "心内科", "2026-02-01", "2026-02-12", False),
            ("P4", "心内科", "2026-02-01", "2026-02-13", False),
            ("P5", "心内科", "2026-02-01", "2026-02-28", True),
        ),
    )
    assert value(lake, "median_stay", "2026Q1")["value"] == 10.5
    assert value(lake, "median_stay", "2026Q1")["denominator"] == 4


def test_the_same_facts_without_change_compute_nothing_again(lake):
    put(lake, **batch(1, 20))
    home = lake.root.parent
    measure(lake, home)
    again = measure(lake, home)
    assert all(months == set() for months in again.months.values())


def test_a_column_that_no_definition_reads_changes_nothing(lake):
    stay = stays(("P1", "心内科", "2026-01-02", "2026-01-31", True))
    put(lake, encounter=stay, fall=batch(1, 0, fall=3)["fall"])
    home = lake.root.parent
    measure(lake, home)
    put(lake, encounter=[{**stay[0], "remark": "a word more"}])
    assert not any(measure(lake, home).months.values())
    put(lake, encounter=[{**stay[0], "remark": "a word more", "cost": 200}])
    again = measure(lake, home)
    assert {name for name, months in again.months.items() if months} == {"discharge"}
    assert again.months["discharge"] == {"2026-01"}


def test_a_second_correction_of_a_day_computes_only_its_own_periods(lake):
    home = lake.root.parent
    stays_of_a_year = [("P1", "心内科", f"2026-{month:02d}-02", f"2026-{month:02d}-09", True) for month in range(1, 9)]
    with time_machine.travel("2026-09-05 12:00", tick=False):
        put(lake, encounter=stays(*stays_of_a_year))
        measure(lake, home)
        put(lake, encounter=[{**stays(stays_of_a_year[0])[0], "cost": 200}])
        assert set(measure(lake, home).periods) == {"2026-01", "2026Q1", "2026"}
    with time_machine.travel("2026-09-06 12:00", tick=False):
        put(lake, encounter=[{**stays(stays_of_a_year[0])[0], "cost": 300}])
        assert {"2026-01", "2026-09"} < set(measure(lake, home).periods)


def test_an_untouched_indicator_keeps_its_results_in_a_month_computed_again(lake):
    def fallen(number: int, day: datetime) -> dict[str, object]:
        return {"institution": "H1", "fall_id": f"F{number}", "fell_time": day, "department": "骨科"}

    days = [{"institution": "H1", "department": "骨科", "day": datetime(2025, 1, 15).date(), "occupied": 10}]
    stay = stays(("P1", "心内科", "2025-01-02", "2025-01-31", True))
    put(lake, encounter=stay, bed_day=days, fall=[fallen(1, datetime(2025, 1, 3)), fallen(2, datetime(2025, 2, 3))])
    untouched, touched = value(lake, "mortality", "2025-01"), value(lake, "falls", "2025-01")
    put(lake, fall=[fallen(3, datetime(2025, 1, 4))])
    assert value(lake, "mortality", "2025-01") == untouched
    assert value(lake, "falls", "2025-01")["numerator"] == touched["numerator"] + 1


def test_a_failed_computation_is_visible(lake, monkeypatch):
    put(lake, **batch(1, 5))
    home = lake.root.parent
    measure(lake, home)
    put(lake, **batch(2, 5))

    def broken(_snapshot):
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        measure(lake, home, engine=broken)
    freshness = Readings(lake, home).freshness()
    assert freshness.stale
    assert "disk gone" in freshness.failure["error"]
    measure(lake, home)
    assert not Readings(lake, home).freshness().stale
