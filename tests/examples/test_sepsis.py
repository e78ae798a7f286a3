"""The sepsis event log: every figure of its README, from the lake and from the measures."""

from __future__ import annotations

import json

import pytest

EXAMPLE = "sepsis"
DATA = "event_logs"


@pytest.fixture(scope="module")
def expected(shared_data):
    return json.loads((shared_data / DATA / "expected.json").read_text(encoding="utf-8"))["sepsis"]


def test_every_event_and_case_is_read_the_one_called_na_too(example, expected):
    assert example.report.records == expected["events"]
    assert not example.report.broken
    assert example.report.feeds["emergency_visit#1"].selected == expected["cases"]
    (row,) = example.query("SELECT count(*) AS n FROM drug_administration WHERE patient_id = 'NA'")
    assert row["n"] == 2


def test_activities_are_all_in_the_lake(example, expected):
    count = {name: feed.selected for name, feed in example.report.feeds.items()}
    activity = expected["activities"]
    assert count["nursing_assessment#1"] == activity["ER Sepsis Triage"]
    assert count["drug_administration#1"] == activity["IV Antibiotics"] + activity["IV Liquid"]
    assert count["lab_result#1"] == activity["LacticAcid"] + activity["CRP"] + activity["Leucocytes"]
    assert count["emergency_visit#2"] == activity["Return ER"] == expected["return_ER_cases"]
    assert count["icu_stay#1"] == activity["Admission IC"]
    assert count["encounter#1"] + count["transfer#1"] == activity["Admission IC"] + activity["Admission NC"]


def test_the_one_refused_row_is_a_release_before_the_admission(example):
    assert example.refused() == {"encounter#1": 1}
    assert example.findings("encounter#1")["discharge-after-admission"] == 1


def test_warnings_are_what_the_log_does_not_record(example, expected):
    found = example.findings("encounter#1")
    assert found["discharge-way-stated"] == expected["released_cases"]
    assert example.findings("lab_result#1")["has-a-result"] == 22 + 139 + 12


def test_months_of_antibiotics_within_60_minutes(example, expected):
    found = {period: [n, d] for (_, period), (n, d, _) in example.rows("sepsis_ab60").items() if d}
    assert found == expected["monthly_AB60_num_den"]


RULES = {
    "sepsis_ab60": ("rule_IV_Antibiotics_within_60min_of_ER_Sepsis_Triage", "both"),
    "sepsis_ab60_all": ("rule_IV_Antibiotics_within_60min_of_ER_Sepsis_Triage", "cases_with_trigger"),
    "sepsis_la180": ("rule_LacticAcid_within_180min_of_ER_Sepsis_Triage", "both"),
    "sepsis_la180_all": ("rule_LacticAcid_within_180min_of_ER_Sepsis_Triage", "cases_with_trigger"),
    "sepsis_fluid180": ("rule_IV_Liquid_within_180min_of_ER_Sepsis_Triage", "both"),
    "sepsis_door_ab60": ("rule_IV_Antibiotics_within_60min_of_ER_Registration", "both"),
    "sepsis_door_la180": ("rule_LacticAcid_within_180min_of_ER_Registration", "both"),
}


@pytest.mark.parametrize("indicator", RULES)
def test_care_within_its_limit(example, expected, indicator):
    rule, denominator = RULES[indicator]
    assert example.total(indicator) == (expected[rule]["within_incl_earlier"], expected[rule][denominator])


def test_strictly_after_triage(example, expected):
    strict = expected["strict_response_LA_180"]
    assert example.total("sepsis_la180_after") == (strict["within"], strict["followed"])


def test_who_was_given_antibiotics(example, expected):
    rule = expected["rule_IV_Antibiotics_within_60min_of_ER_Sepsis_Triage"]
    assert example.total("sepsis_antibiotic_given") == (rule["both"], rule["cases_with_trigger"])


def test_medians_over_the_whole_log(example, expected):
    """Periods of the measures are months, quarters and years; over all of them the grain itself is asked."""
    grains = example.lake.pack.grains
    (triage,) = example.query(
        f"SELECT median(antibiotic_minutes) AS antibiotic, median(lactate_minutes) AS lactate, "
        f"median(fluid_minutes) AS fluid FROM ({grains['sepsis_triage'].sql})"
    )
    (arrival,) = example.query(
        f"SELECT median(antibiotic_minutes) AS antibiotic, median(lactate_minutes) AS lactate "
        f"FROM ({grains['sepsis_arrival'].sql})"
    )
    rule = "rule_{}_within_{}min_of_{}"
    found = {
        rule.format("IV_Antibiotics", 60, "ER_Sepsis_Triage"): triage["antibiotic"],
        rule.format("LacticAcid", 180, "ER_Sepsis_Triage"): triage["lactate"],
        rule.format("IV_Liquid", 180, "ER_Sepsis_Triage"): triage["fluid"],
        rule.format("IV_Antibiotics", 60, "ER_Registration"): arrival["antibiotic"],
        rule.format("LacticAcid", 180, "ER_Registration"): arrival["lactate"],
    }
    for name, value in found.items():
        assert value == pytest.approx(expected[name]["median_min_of_both"], abs=1e-6), name


def test_lactate_before_the_antibiotic(example, expected):
    """661 strictly earlier by the clock; two have the same second, one of which the log writes first."""
    (ties,) = example.query(f"""
        SELECT count(*) AS n FROM ({example.lake.pack.grains["sepsis_triage"].sql})
        WHERE lactate_minutes = antibiotic_minutes""")
    found, both = example.total("sepsis_lactate_first")
    published = expected["precedence_by_log_order(LacticAcid before IV Antibiotics)"]
    assert both == published["cases_with_b"]
    assert (found, ties["n"]) == (published["a_before_b"] - 1, 2)


def test_where_patients_went(example, expected):
    """The refused stay was on a ward."""
    assert example.total("sepsis_to_icu") == (expected["ICU_admitted_cases"], expected["cases"])
    assert example.total("sepsis_to_ward") == (expected["ward_admitted_cases"] - 1, expected["cases"])


@pytest.mark.parametrize("days", [7, 28, 30])
def test_returns(example, expected, days):
    """The refused stay is one release less in every denominator; that patient never returned."""
    assert example.total(f"sepsis_return_{days}d") == (
        expected["return_within_days"][str(days)],
        expected["released_cases"] - 1,
    )


def test_returns_ever(example, expected):
    assert example.total("sepsis_return") == (expected["return_ER_cases"], expected["released_cases"] - 1)


def test_stays(example, expected):
    """The published mean counts the refused stay too: released 13.5 minutes before its admission."""
    published = expected["los_adm_to_release"]
    days, stays = example.total("sepsis_stay")
    refused = -(13 * 60 + 30) / 86400
    assert stays + 1 == published["n"]
    assert (days + refused) / (stays + 1) == pytest.approx(published["mean_days"], abs=1e-6)
    (lake,) = example.query(f"""
        SELECT median(stay_days) AS value FROM (
            SELECT stay_days FROM ({example.lake.pack.grains["sepsis_release"].sql}) UNION ALL SELECT {refused})""")
    assert lake["value"] == pytest.approx(published["median_days"], abs=1e-6)


def test_nothing_failed_and_every_definition_is_proved(example):
    assert example.run.faults == ()
    assert example.disagreements() == []
