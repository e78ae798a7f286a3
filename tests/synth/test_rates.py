"""Counted in the finished tables, rates are what rates.yaml says (random effects left out)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from xunzhi.synth import Hospital, all_rates

Ask = Callable[[str], list[tuple[Any, ...]]]

NOTE = "(SELECT encounter_id, min(signed_time) AS signed FROM document WHERE document_type = '{}' GROUP BY 1)"

# rate: numerator (condition) and table, as someone would count them who only knows the tables
COUNTED = {
    "vte_assessed": (
        "encounter_id IN (SELECT encounter_id FROM nursing_assessment WHERE scale IN ('caprini', 'padua'))",
        "encounter WHERE department NOT IN ('0403', '0700', '0701')",
    ),
    "vte_prevented": ("measures_ok", "nursing_assessment WHERE scale IN ('caprini', 'padua') AND risk <> 'low'"),
    "fall_assessed_8h": (
        "assessed_time <= ward_arrival_time + INTERVAL 8 HOUR",
        "nursing_assessment JOIN encounter USING (encounter_id) WHERE scale = 'morse' AND reason = 'admission'",
    ),
    "admission_note_24h": (
        "signed <= admission_time + INTERVAL 24 HOUR",
        f"encounter JOIN {NOTE.format('admission_note')} n USING (encounter_id) WHERE signed IS NOT NULL",
    ),
    "front_page_24h": ("signed_time <= discharge_time + INTERVAL 24 HOUR", "front_page"),
    "operation_note_24h": (
        "signed_time <= event_time + INTERVAL 24 HOUR",
        "document WHERE document_type = 'operation_note' AND signed_time IS NOT NULL",
    ),
    "level4_mdt": ("mdt_time IS NOT NULL", "operation WHERE level = '4'"),
    "class1_prophylaxis": (
        "prophylaxis_time IS NOT NULL",
        "operation WHERE incision_class = '1' AND end_time IS NOT NULL AND department NOT IN ('0403', '0406', '1000')",
    ),
    "operation_cancelled": ("cancelled_time IS NOT NULL", "operation WHERE NOT coalesce(unplanned_return, FALSE)"),
    "temperature_monitored": ("temperature_monitored", "anaesthesia WHERE end_time IS NOT NULL"),
    "hypothermia": ("minimum_temperature < 36", "anaesthesia WHERE temperature_monitored"),
    "pacu_delay": ("pacu_out_time > pacu_in_time + INTERVAL 120 MINUTE", "anaesthesia WHERE pacu_in_time IS NOT NULL"),
    "icu_pain_assessed": ("pain_assessed_time IS NOT NULL", "icu_stay"),
    "hand_hygiene": (
        "action IN ('rub', 'wash')",
        "hand_hygiene WHERE department NOT IN ('2800', '2000')",
    ),
    "transfusion_evaluated": ("evaluation_ok", "transfusion"),
    "specimen_haemolysed": ("defect = 'haemolysed'", "lab_specimen"),
    "critical_handled": (
        "handled_time <= acknowledged_time + INTERVAL 30 MINUTE",
        "critical_value WHERE handled_time IS NOT NULL",
    ),
    "frozen_timely": ("reported_time <= received_time + INTERVAL 30 MINUTE", "pathology_report WHERE kind = 'frozen'"),
    "he_good": ("he_slides_good", "pathology_report WHERE kind = 'histology'"),
    "order_reviewed": ("pharmacist_review_time IS NOT NULL", "medical_order WHERE category = 'drug'"),
    "special_grade_consulted": (
        "consultation_id IS NOT NULL",
        "medical_order WHERE antibiotic_grade = '3' AND antibiotic_purpose = 'treatment'",
    ),
    "pathway_entered": ("entered_time IS NOT NULL", "clinical_pathway"),
    "grade_a_record": ("record_quality = '1'", "front_page"),
    "main_diagnosis_coded": ("principal_diagnosis_coded", "record_review WHERE kind <> 'drug_orders'"),
    "stat_consultation_10min": (
        "arrived_time <= requested_time + INTERVAL 10 MINUTE",
        "consultation WHERE kind = 'urgent'",
    ),
    "consultation_24h": ("finished_time <= requested_time + INTERVAL 24 HOUR", "consultation WHERE kind = 'routine'"),
    "labour_analgesia": ("neuraxial_analgesia", "delivery WHERE mode <> 'caesarean'"),
    "appointment": ("appointment", "outpatient_visit"),
    "prescription_reviewed": ("pharmacist_review_time IS NOT NULL", "prescription"),
    "event_timely": (
        "date_diff('minute', discovered_time, reported_time) <= 60 * [2, 24, 72, 120][CAST(grade AS INTEGER)]",
        "adverse_event",
    ),
    "follow_up_done": ("done_time IS NOT NULL", "follow_up"),
    "training_attended": ("attended", "training_record"),
    "trauma_scored": ("trauma_scored_time IS NOT NULL", "emergency_visit WHERE trauma"),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_counted_rate_lies_within_the_binomial_bounds_of_its_base_rate(clean: Ask, name: str) -> None:
    condition, table = COUNTED[name]
    if name == "he_good":
        hits, tries = clean(f"SELECT sum(he_slides_good), sum(he_slides) FROM {table}")[0]
    else:
        hits, tries = clean(f"SELECT count(*) FILTER ({condition}), count(*) FROM {table}")[0]
    assert tries > 30
    assert stats.binomtest(int(hits), int(tries), all_rates()[name].value).pvalue > 1e-4, f"{hits} of {tries}"


@pytest.mark.parametrize(
    ("name", "site", "devices"),
    [
        ("clabsi", "bloodstream", "'central_line', 'picc'"),
        ("cauti", "urinary", "'urinary_catheter'"),
        ("vap", "lower_respiratory", "'ventilator'"),
    ],
)
def test_device_infections_follow_their_device_days(clean: Ask, name: str, site: str, devices: str) -> None:
    days = clean(
        f"SELECT sum(date_diff('second', start_time, stop_time)) / 86400 FROM device_use WHERE device IN ({devices})"
    )[0][0]
    cases = clean(f"SELECT count(*) FROM infection WHERE site = '{site}' AND device_use_id IS NOT NULL")[0][0]
    expected = float(days) * all_rates()[name].value
    assert stats.poisson.sf(cases - 1, expected) > 1e-3
    assert stats.poisson.cdf(cases, expected) > 1e-3


def test_medians_of_times_are_those_of_their_rates(clean: Ask) -> None:
    for name, first, last, table in (
        ("specimen_transport", "collected_time", "received_time", "lab_specimen"),
        ("critical_notice", "detected_time", "notified_time", "critical_value"),
    ):
        minutes = clean(f"SELECT median(date_diff('second', {first}, {last})) / 60 FROM {table}")[0][0]
        assert minutes == pytest.approx(all_rates()[name].value, rel=0.25), name


def test_departments_differ_a_little_and_months_vary() -> None:
    rates = Hospital(beds=800, seed=3).rates
    wards = rates.units.wards
    typical = rates.typical("discharge_note_24h", wards)
    assert 0.002 < np.std(typical) < 0.03
    march, april = (np.full(len(wards), np.datetime64(f"2025-0{m}-05", "s")) for m in (3, 4))
    assert not np.allclose(
        rates.probability("discharge_note_24h", wards, march), rates.probability("discharge_note_24h", wards, april)
    )
    assert np.all(
        Hospital(beds=800, smooth=True).rates.typical("discharge_note_24h", wards)
        == all_rates()["discharge_note_24h"].value
    )


def test_every_rate_says_per_what_and_where_it_comes_from() -> None:
    for name, rate in all_rates().items():
        assert rate.per, name
        assert rate.source, name
        assert rate.unit != "probability" or rate.value <= 1, name
