"""Charts and signals from stored results: what a quality officer would draw by hand."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from xunzhi import spc
from xunzhi.lake import Lake
from xunzhi.measures import Readings, measure
from xunzhi.measures.charts import Baseline, Laid, blocks, chart, rule_of, rules_of
from xunzhi.measures.signals import scan, scan_blocks
from xunzhi.standards import load_pack
from xunzhi.standards.rules import RULES

PACK = load_pack(Path(__file__).parent / "pack")


def months(n: int) -> list[str]:
    return [f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(n)]


def readings(home: Path, deaths: list[int], stays: list[int], falls: list[int] | None = None) -> Readings:
    """A hospital with one department and so many deaths and stays in each month."""
    lake = Lake(home, PACK)
    rows = [
        (f"E{month}-{i}", f"{month}-{1 + i % 28:02d} 12:00:00", i < dead)
        for month, dead, n in zip(months(len(deaths)), deaths, stays, strict=True)
        for i in range(n)
    ]
    ids, times, died = zip(*rows, strict=True)
    discharged = pa.array(times).cast(pa.timestamp("us"))
    with lake.write("test") as transaction:
        encounters = pa.table(
            {
                "institution": ["H1"] * len(rows),
                "encounter_id": ids,
                "patient_id": ids,
                "admission_time": pc.subtract(discharged, pa.scalar(timedelta(days=25))),
                "discharge_time": discharged,
                "department": ["心内科"] * len(rows),
                "died": died,
            }
        )
        transaction.upsert("encounter", encounters)
        days = pa.table(
            {
                "institution": ["H1"] * len(deaths),
                "department": ["心内科"] * len(deaths),
                "day": pa.array([date.fromisoformat(f"{month}-15") for month in months(len(deaths))]),
                "occupied": [1000] * len(deaths),
            }
        )
        transaction.upsert("bed_day", days)
        fell = [
            f"{month}-{d + 1:02d} 08:00:00"
            for month, n in zip(months(len(deaths)), falls or [], strict=False)
            for d in range(n)
        ]
        if fell:
            table = pa.table(
                {
                    "institution": ["H1"] * len(fell),
                    "fall_id": [f"F{i}" for i in range(len(fell))],
                    "fell_time": pa.array(fell).cast(pa.timestamp("us")),
                    "department": ["心内科"] * len(fell),
                }
            )
            transaction.upsert("fall", table)
    measure(lake, home)
    return Readings(lake, home)


@pytest.fixture
def steady():
    return [5, 4, 6, 5, 5, 4, 6, 5, 4, 6, 5, 5] * 3


def test_limits_come_from_the_points_before_the_latest_year(tmp_path, steady):
    deaths = steady[:24] + [15] * 12
    block = blocks(readings(tmp_path, deaths, [100] * 36), "H1")["mortality"]
    assert block.chart == "p"
    assert block.limits.centre[0, -1] == pytest.approx(5.0)
    p = 0.05
    assert block.limits.upper[0, -1] == pytest.approx(100 * (p + 3 * np.sqrt(p * (1 - p) / 100)))


def test_a_jump_is_a_signal_of_concern_with_its_size(tmp_path, steady):
    found = scan(readings(tmp_path, [*steady[:35], 20], [100] * 36), "H1", "2025-12")
    worst = next(signal for signal in found.signals if signal.indicator == "mortality" and signal.stratum == "hospital")
    assert worst.kind == "concern"
    assert "outside" in worst.rules
    assert worst.change == pytest.approx(15.0)
    assert worst.owner == "quality_office"
    assert worst.q < 0.01
    assert found.expected_false_alarms < found.charts


def test_no_signal_where_nothing_moved(tmp_path, steady):
    found = scan(readings(tmp_path, steady, [100] * 36), "H1", "2025-12")
    assert not [signal for signal in found.signals if signal.indicator == "mortality"]


def test_rare_events_are_charted_by_the_cases_between_them(tmp_path):
    block = blocks(readings(tmp_path, [1, 0, 0, 1, 0, 1] * 6, [50] * 36), "H1")["mortality"]
    assert block.chart == "g"
    gaps = block.limits.value[0]
    assert gaps[:4].tolist() == [25, 150, 100, 50]
    assert block.month_of_point[0, :4].tolist() == [0, 3, 5, 6]


def test_a_recorded_baseline_decides_the_limits(tmp_path, steady):
    found = readings(tmp_path, [10] * 12 + steady[:24], [100] * 36)
    decided = Baseline.model_validate(
        {"indicator": "mortality", "from": "2024-01", "to": "2024-12", "new_phase": True,
         "author": "质控科", "reason": "流程改变", "decided": "2025-02-01"}
    )  # fmt: skip
    block = blocks(found, "H1", baselines=[decided])["mortality"]
    assert block.limits.phase[0, 11] == 0
    assert block.limits.phase[0, 12] == 1
    assert block.limits.centre[0, 0] == pytest.approx(10)
    assert block.limits.centre[0, -1] == pytest.approx(5)
    elsewhere = decided.model_copy(update={"institution": "H2"})
    assert blocks(found, "H1", baselines=[elsewhere])["mortality"].limits.phase.max() == 0


def test_a_change_of_definition_begins_a_phase(tmp_path, steady):
    block = blocks(readings(tmp_path, steady + [5] * 4, [100] * 40), "H1")["long_stay"]
    assert [block.limits.phase[0, block.months.index(month)] for month in ("2026-02", "2026-03")] == [0, 1]


def test_run_charts_have_no_limits_and_rules_of_their_own():
    pack = load_pack()
    proportion, run = (next(i for i in pack.indicators.values() if i.chart == chart) for chart in ("p", "run"))
    assert [rule.code for rule in rules_of(pack.manifest, proportion)] == ["outside", "cusum_5"]
    assert [rule.code for rule in rules_of(pack.manifest, run)] == ["shift_8", "trend_6"]
    assert [rule.code for rule in rules_of(PACK.manifest, PACK.indicators["doctors"])] == ["outside"]


def test_signals_are_ranked_by_their_share_of_false_ones(tmp_path, steady):
    stays = [100] * 28 + [101, 102, 103, 104, 105, 106, 107, 108]
    found = readings(tmp_path, [*steady[:35], 20], stays)
    charts = [*blocks(found, "H1").values()]
    run = charts[0]
    judged = chart(
        PACK.indicators["doctors"],
        Laid(run.units, run.months, *[np.array([stays], dtype=float)] * 3, np.full((1, 36), np.nan),
             run.provisional[:, :36], run.revision[:, :36]),
        (rule_of("shift_8"),), "H1",
    )  # fmt: skip
    signals = scan_blocks([judged, *charts], "2025-12").signals
    assert {"doctors", "mortality"} <= {signal.indicator for signal in signals}
    assert [signal.q for signal in signals] == sorted(signal.q for signal in signals)
    assert next(signal for signal in signals if signal.indicator == "doctors").p == pytest.approx(0.02, abs=0.02)


def test_the_first_miss_after_years_at_a_hundred_per_cent_is_a_signal_but_not_a_certain_one(tmp_path):
    found = scan(readings(tmp_path, [20] * 35 + [17], [20] * 36), "H1", "2025-12")
    miss = next(signal for signal in found.signals if signal.indicator == "mortality")
    assert np.isinf(miss.sigmas)
    assert 0.001 < miss.p < 0.02


def test_an_unknown_rule_says_what_there_is():
    with pytest.raises(ValueError, match="shift_N"):
        rule_of("nonsense")
    assert rule_of("shift_8").code == "shift_8"


def test_every_rule_that_the_pack_names_is_known():
    pack = load_pack()
    named = {*pack.manifest.rules, *(rule for indicator in pack.indicators.values() for rule in indicator.rules or ())}
    assert {rule_of(code).code for code in named} == named


def test_the_rules_that_packs_may_name_are_those_of_the_charts() -> None:
    lengths = re.compile(r"(shift|trend)_\d+")
    codes = {rule.code for rules in spc.RULE_SETS.values() for rule in rules}
    assert {code for code in codes if not lengths.fullmatch(code)} == RULES
    assert {rule_of(code).code for code in (*RULES, "shift_6", "trend_11")} == {*RULES, "shift_6", "trend_11"}
