"""Faults of a scenario are in the data, and the truth says so; bad scenarios get one clear message."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xunzhi.standards import load_pack
from xunzhi.synth import Hospital, ScenarioError, all_rates, generate, load_scenario

Ask = Callable[[str], list[tuple[Any, ...]]]

AFTER = "TIMESTAMP '2025-04-01'"  # the scenario `faults` begins after three months


def before_and_after(ask: Ask, value: str, table: str, time: str) -> tuple[float, float]:
    return tuple(float(ask(f"SELECT {value} FROM {table} {time} {sign} {AFTER}")[0][0]) for sign in ("<", ">="))  # type: ignore[return-value]


def test_discharge_notes_of_cardiology_become_late(faulty: Ask) -> None:
    note = "avg(CAST(signed_time <= event_time + INTERVAL 24 HOUR AS INTEGER))"
    table = "document WHERE document_type = 'discharge_note' AND {} AND event_time"
    early, late = before_and_after(faulty, note, table.format("department = '0304'"), "")
    assert early > 0.9
    assert late < 0.7
    other = before_and_after(faulty, note, table.format("department <> '0304'"), "")
    assert other[1] == pytest.approx(other[0], abs=0.04)


def test_readmissions_triple(faulty: Ask) -> None:
    back = "avg(CAST(r.encounter_id IS NOT NULL AS INTEGER))"
    table = "encounter e LEFT JOIN encounter r ON r.previous_encounter_id = e.encounter_id AND r.unplanned_readmission"
    early = float(faulty(f"SELECT {back} FROM {table} WHERE e.discharge_time < {AFTER}")[0][0])
    late = float(
        faulty(f"SELECT {back} FROM {table} WHERE e.discharge_time BETWEEN {AFTER} AND TIMESTAMP '2025-05-20'")[0][0]
    )
    assert 2 < late / early < 4.5


def test_hand_hygiene_of_intensive_care_halves_and_specimens_travel_twice_as_long(faulty: Ask) -> None:
    done = "avg(CAST(action IN ('rub', 'wash') AS INTEGER))"
    early, late = before_and_after(faulty, done, "hand_hygiene WHERE department = '2800' AND observed_time", "")
    assert late < 0.7 * early
    minutes = "median(date_diff('second', collected_time, received_time) / 60)"
    early, late = before_and_after(faulty, minutes, "lab_specimen WHERE collected_time", "")
    assert 1.7 < late / early < 2.4


def test_endocrinology_grows_and_respiratory_drifts(faulty: Ask) -> None:
    monthly = dict(
        faulty("SELECT month(discharge_time), count(*) FROM encounter WHERE department = '0307' GROUP BY 1 ORDER BY 1")
    )
    assert sum(monthly[m] for m in (4, 5, 6)) > 1.3 * sum(monthly[m] for m in (1, 2, 3))
    course = "SELECT month(ordered_time), avg(quantity) FROM medical_order WHERE amount < 1000"
    use = dict(faulty(f"{course} AND department = '0301' AND antibiotic_purpose = 'treatment' GROUP BY 1"))
    assert use[6] > 1.2 * (use[1] + use[2] + use[3]) / 3


def test_complaints_spike_in_one_month_only(faulty: Ask) -> None:
    monthly = dict(
        faulty("SELECT month(discharge_time), count(*) FROM complaint JOIN encounter USING (encounter_id) GROUP BY 1")
    )
    assert monthly[5] > 2.5 * max(monthly.get(m, 0) for m in (1, 2, 3, 4, 6))


def test_events_are_reported_less_and_the_late_feed_stops_early(faulty: Ask) -> None:
    monthly = dict(
        faulty("SELECT month(reported_time), count(*) FROM adverse_event WHERE year(reported_time) = 2025 GROUP BY 1")
    )
    assert sum(monthly[m] for m in (4, 5, 6)) < 0.4 * sum(monthly[m] for m in (1, 2, 3))
    last = faulty("SELECT max(result_time) FROM lab_result WHERE year(result_time) = 2025")[0][0]
    assert last.date() == date(2025, 6, 16)
    assert faulty("SELECT max(received_time) FROM lab_specimen WHERE year(received_time) = 2025")[0][0].date() > date(
        2025, 6, 25
    )


def test_notes_are_copied_in_one_department_from_one_day(faulty: Ask) -> None:
    repeated = """SELECT avg(CAST(text = earlier AS INTEGER)) FROM (
        SELECT *, lag(text) OVER (PARTITION BY encounter_id, document_type ORDER BY event_time) AS earlier FROM document
        WHERE document_type = 'progress_note') WHERE earlier IS NOT NULL AND """
    assert faulty(f"{repeated} department = '0302' AND event_time >= {AFTER}")[0][0] > 0.6
    assert faulty(f"{repeated} department = '0302' AND event_time < {AFTER}")[0][0] < 0.1
    assert faulty(f"{repeated} department = '0403'")[0][0] < 0.1


def test_the_truth_names_fault_place_time_and_indicators(faulty_folder: Path) -> None:
    truth = json.loads((faulty_folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["scenario"] == "faults"
    note = truth["faults"][0]
    assert (note["rate"], note["department"], note["from"]) == ("discharge_note_24h", "心血管内科", "2025-04-01")
    assert note["indicators"] == [{"indicator": "mer_tl_03", "direction": "down"}]
    slow = next(fault for fault in truth["faults"] if fault.get("rate") == "specimen_transport")
    assert slow["indicators"] == [{"indicator": "lab_06_pre_tat", "direction": "up"}]


@pytest.mark.parametrize("name", ["default", "quiet", "faults"])
def test_bundled_scenarios_fit_a_small_hospital(name: str) -> None:
    scenario = load_scenario(name, date(2025, 1, 1), 24)
    scenario.effects(Hospital(beds=100).units)
    assert scenario.label.zh


def test_rates_name_indicators_of_the_pack() -> None:
    known = load_pack().indicators.keys()
    named = {name for rate in all_rates().values() for name in (*rate.up, *rate.down)}
    assert named <= known


BAD = {
    "a misspelt rate": ("{kind: rate, rate: falls, from: +1, factor: 2}", "no rate 'falls'"),
    "a misspelt field": ("{kind: rate, rate: fall, from: +1, factr: 2}", "factr"),
    "an unknown kind": ("{kind: flood, from: +1}", "flood"),
    "an end before its beginning": ("{kind: rate, rate: fall, from: +3, until: +1, factor: 2}", "until must be later"),
    "an impossible factor": ("{kind: rate, rate: fall, from: +1, factor: 0}", "greater than 0"),
    "a day that is none": ("{kind: rate, rate: fall, from: soon, factor: 2}", "from"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_scenario_gets_one_clear_message(tmp_path: Path, what: str) -> None:
    fault, message = BAD[what]
    file = tmp_path / "bad.yaml"
    file.write_text(f"scenario: bad\nlabel: {{zh: 坏, en: Bad}}\nfaults:\n  - {fault}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=message) as error:
        load_scenario(file, date(2025, 1, 1), 12)
    assert "bad.yaml" in str(error.value)


def test_unknown_scenarios_and_departments_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="default, faults, quiet"):
        load_scenario("nothing", date(2025, 1, 1), 12)
    file = tmp_path / "place.yaml"
    fault = "{kind: rate, rate: fall, department: 兽医科, from: +1, factor: 2}"
    file.write_text(f"scenario: p\nlabel: {{zh: 甲, en: A}}\nfaults: [{fault}]", encoding="utf-8")
    scenario = load_scenario(file, date(2025, 1, 1), 2)
    with pytest.raises(ValueError, match="兽医科"):
        generate(Hospital(beds=60, months=1, scenario=scenario), tmp_path / "out")
    assert not (tmp_path / "out").exists()
