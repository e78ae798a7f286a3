"""Rows fit together: what they point to exists, times are in order, fees add up, the census balances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xunzhi.synth.schema import canonical_tables

Ask = Callable[[str], list[tuple[Any, ...]]]
CHILDREN = sorted(
    name for name, table in canonical_tables().items() if "encounter_id" in table.columns and name != "encounter"
)
LINKS = [
    ("medical_order", "order_id", "drug_administration"),
    ("lab_specimen", "specimen_id", "lab_result"),
    ("lab_result", "result_id", "critical_value"),
    ("culture", "culture_id", "isolate"),
    ("isolate", "isolate_id", "susceptibility"),
    ("operation", "operation_id", "anaesthesia"),
    ("operation", "operation_id", "procedure"),
    ("operation", "operation_id", "pathology_report"),
    ("operation", "operation_id", "infection"),
    ("device_use", "device_use_id", "infection"),
    ("delivery", "delivery_id", "newborn"),
    ("inspection", "inspection_id", "finding"),
    ("consultation", "consultation_id", "medical_order"),
]


@pytest.mark.parametrize("child", CHILDREN)
def test_every_child_has_its_encounter_and_its_patient(clean: Ask, child: str) -> None:
    orphans = (
        f"SELECT count(*) FROM {child} c ANTI JOIN encounter e USING (encounter_id) WHERE c.encounter_id IS NOT NULL"
    )
    assert clean(orphans) == [(0,)]
    if "patient_id" in canonical_tables()[child].columns and child != "newborn":
        strangers = (
            f"SELECT count(*) FROM {child} c JOIN encounter e USING (encounter_id) WHERE c.patient_id <> e.patient_id"
        )
        assert clean(strangers) == [(0,)]


@pytest.mark.parametrize(("parent", "key", "child"), LINKS)
def test_links_lead_somewhere(clean: Ask, parent: str, key: str, child: str) -> None:
    assert clean(f"SELECT count({key}) FROM {child}")[0][0] > 0
    assert clean(f"SELECT count(*) FROM {child} c ANTI JOIN {parent} p USING ({key}) WHERE c.{key} IS NOT NULL") == [
        (0,)
    ]


@pytest.mark.parametrize("child", [name for name, table in canonical_tables().items() if "ward" in table.columns])
def test_wards_and_departments_exist(clean: Ask, child: str) -> None:
    for column in ("ward", "department"):
        lost = f"SELECT count(*) FROM {child} c LEFT JOIN department d ON d.department = c.{column}"
        assert clean(f"{lost} WHERE c.{column} IS NOT NULL AND d.department IS NULL") == [(0,)]


def test_the_24_fees_add_up_to_the_total_in_every_row(clean: Ask) -> None:
    parts = {"anaesthesia", "operation", "physiotherapy", "antibacterial"}
    fees = [c for c in canonical_tables()["front_page"].columns if c.startswith("fee_") and c[4:] not in parts]
    assert len(fees) == 24
    total = " + ".join(f"CAST({fee} AS DECIMAL(18, 2))" for fee in fees)
    assert clean(f"SELECT count(*) FROM front_page WHERE {total} <> CAST(total_cost AS DECIMAL(18, 2))") == [(0,)]
    whole = "fee_anaesthesia + fee_operation > fee_surgical OR fee_antibacterial > fee_western_drug"
    assert clean(f"SELECT count(*) FROM front_page WHERE {whole} OR fee_physiotherapy > fee_non_surgical") == [(0,)]


@pytest.mark.parametrize(
    ("table", "order"),
    [
        ("encounter", "admission_time <= ward_arrival_time AND ward_arrival_time < discharge_time"),
        ("operation", "room_in_time <= start_time AND start_time < end_time AND end_time <= room_out_time"),
        ("operation", "discussion_time <= ordered_time AND ordered_time <= start_time"),
        ("anaesthesia", "start_time < end_time AND pacu_in_time < pacu_out_time"),
        ("icu_stay", "in_time < out_time"),
        ("device_use", "start_time < stop_time"),
        (
            "lab_specimen",
            "ordered_time <= collected_time AND collected_time < received_time AND received_time < reported_time",
        ),
        ("critical_value", "detected_time <= notified_time AND notified_time <= acknowledged_time"),
        ("document", "event_time <= created_time AND created_time <= signed_time"),
        (
            "emergency_visit",
            "arrival_time <= triage_time AND arrival_time < departure_time AND resus_in_time < resus_out_time",
        ),
        ("adverse_event", "occurred_time <= discovered_time AND discovered_time <= reported_time"),
        ("finding", "found_time < due_time AND done_time < closed_time"),
        ("transfusion", "issued_time <= start_time AND start_time < end_time"),
    ],
)
def test_times_are_in_order(clean: Ask, table: str, order: str) -> None:
    assert clean(f"SELECT count(*) FROM {table} WHERE NOT ({order})") == [(0,)]


@pytest.mark.parametrize("table", ["operation", "device_use", "icu_stay", "transfer", "culture"])
def test_what_happens_in_a_stay_lies_within_it(clean: Ask, table: str) -> None:
    time = {"icu_stay": "in_time", "transfer": "transfer_time", "culture": "collected_time"}.get(table, "start_time")
    outside = f"c.{time} < e.admission_time OR c.{time} > e.discharge_time"
    assert clean(f"SELECT count(*) FROM {table} c JOIN encounter e USING (encounter_id) WHERE {outside}") == [(0,)]


def test_the_bed_census_balances_from_day_to_day(clean: Ask) -> None:
    """Patients tonight = last night + those who came - those who left, on every ward and day."""
    moves = "admissions + transfers_in - discharges - transfers_out"
    assert clean(
        f"""SELECT count(*) FROM (
            SELECT occupied_beds - lag(occupied_beds) OVER (PARTITION BY ward ORDER BY day) - ({moves}) AS gap
            FROM bed_census) WHERE gap <> 0"""
    ) == [(0,)]


def test_the_census_agrees_with_the_stays(clean: Ask) -> None:
    """On the first days of the data all who lie in the hospital are discharged within it, so both counts must agree."""
    night = "TIMESTAMP '2025-01-10 23:59:59'"
    lying = f"SELECT count(*) FROM encounter WHERE admission_time <= {night} AND discharge_time > {night}"
    counted = clean("SELECT sum(occupied_beds) FROM bed_census WHERE day = '2025-01-10'")[0][0]
    assert counted == clean(lying)[0][0]


def test_readmissions_reuse_the_patient_and_follow_the_stay_before(clean: Ask) -> None:
    pairs = "FROM encounter b JOIN encounter a ON a.encounter_id = b.previous_encounter_id"
    assert clean(f"SELECT count(*) {pairs}")[0][0] > 20
    wrong = "a.patient_id <> b.patient_id OR b.admission_time < a.discharge_time OR a.discharge_way = '5'"
    assert clean(f"SELECT count(*) {pairs} WHERE {wrong}") == [(0,)]


def test_people_keep_name_sex_and_identity_number(clean: Ask) -> None:
    assert clean(
        """SELECT count(*) FROM (SELECT patient_id FROM encounter GROUP BY 1
           HAVING count(DISTINCT name) > 1 OR count(DISTINCT sex) > 1)"""
    ) == [(0,)]
    digits = (
        "("
        + " + ".join(
            f"CAST(substr(id_number, {n + 1}, 1) AS INTEGER) * {w}"
            for n, w in enumerate((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
        )
        + ") % 11"
    )
    assert clean(
        f"SELECT count(*) FROM encounter WHERE substr('10X98765432', {digits} + 1, 1) <> substr(id_number, 18)"
    ) == [(0,)]


def test_winter_fills_respiratory_wards_and_the_new_year_empties_theatres(clean: Ask) -> None:
    """Planned operations in the first week of the year of the snake (from 2025-01-29) against an ordinary week."""
    week = "SELECT count(*) FROM operation WHERE urgency = 'elective' AND operation_date BETWEEN '{}' AND '{}'"
    festival = clean(week.format("2025-01-29", "2025-02-04"))[0][0]
    assert festival < 0.7 * clean(week.format("2025-03-05", "2025-03-11"))[0][0]
