"""The UCI diabetes encounters: every figure of its README, from the lake and from the measures."""

from __future__ import annotations

import json

import pytest

EXAMPLE = "uci_diabetes"
DATA = "uci_diabetes130"
MONTH = "2008-12"


@pytest.fixture(scope="module")
def expected(shared_data):
    return json.loads((shared_data / DATA / "expected.json").read_text(encoding="utf-8"))


def month(example, indicator):
    return example.rows(indicator)["UCI130", MONTH]


def fraction(example, indicator):
    numerator, denominator, _ = month(example, indicator)
    return numerator, denominator


def test_every_row_is_in_the_lake(example, expected):
    assert example.report.records == expected["rows"]
    assert example.refused() == {}
    (row,) = example.query("SELECT count(*) AS n, count(DISTINCT patient_id) AS patients FROM encounter")
    assert (row["n"], row["patients"]) == (expected["encounter_id_unique"], expected["patients"])


def test_warnings_are_what_the_file_does_not_record(example, expected):
    assert example.findings("encounter#1") == {
        "age-or-birth-date-stated": expected["rows"],
        "department-stated": expected["missing_?"]["medical_specialty"],
        "death-has-time": expected["expired_11"],
    }


@pytest.mark.parametrize(
    ("indicator", "numerator", "denominator", "percent"),
    [
        ("readmitted_30d", 11_357, 101_766, "readmit_lt30_rate_pct"),
        ("readmitted_30d_at_risk", 11_314, 99_343, "lt30_rate_excl_pct"),
        ("readmitted_30d_first", 6_277, 69_973, "..lt30_pct"),
        ("inpatient_mortality_rate", 1_642, 101_766, "inhosp_mortality_pct(11/all)"),
        ("hba1c_measured", 101_766 - 84_748, 101_766, "A1C_measured_pct"),
        ("hba1c_measured_first", None, 69_973, "A1C_measured_first_enc_pct"),
    ],
)
def test_rates(example, expected, indicator, numerator, denominator, percent):
    found = month(example, indicator)
    assert found[1] == denominator
    assert numerator in (None, found[0])
    assert found[2] == pytest.approx(expected[percent], abs=5e-7)


def test_other_counts(example, expected):
    assert fraction(example, "left_against_advice") == (expected["AMA(7)"], expected["rows"])
    assert fraction(example, "hospice") == (expected["hospice(13,14)"], expected["rows"])
    assert month(example, "discharge_count")[0] == expected["rows"]


def test_stay(example, expected):
    days, stays, mean = month(example, "alos")
    assert (days, stays) == (expected["los_sum"], expected["rows"])
    assert mean == pytest.approx(expected["los_mean"], abs=5e-7)
    (row,) = example.query("SELECT median(length_of_stay) AS middle, max(length_of_stay) AS most FROM encounter")
    assert (row["middle"], row["most"]) == (expected["los_median"], expected["los_max"])


def test_completeness(example, expected):
    missing = expected["missing_?"]
    columns = {
        "race_stated": "race",
        "weight_stated": "weight",
        "payer_stated": "payer_code",
        "specialty_stated": "medical_specialty",
        "icd9_1_stated": "diag_1",
        "icd9_2_stated": "diag_2",
        "icd9_3_stated": "diag_3",
    }
    found = {column: fraction(example, indicator) for indicator, column in columns.items()}
    assert found == {column: (expected["rows"] - missing[column], expected["rows"]) for column in columns.values()}


def test_readmission_by_age_band(example, expected):
    found = {
        unit: [d, n] for (unit, period), (n, d, _) in example.rows("readmitted_30d", stratum="age_band").items()
        if period == MONTH
    }  # fmt: skip
    assert found == expected["lt30_by_age"]


def test_readmission_by_specialty(example, expected):
    found = {
        unit or "?": [d, n]
        for (unit, period), (n, d, _) in example.rows("readmitted_30d", stratum="department").items()
        if period == MONTH
    }
    assert {name: found[name] for name in expected["lt30_by_specialty_top12"]} == expected["lt30_by_specialty_top12"]


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("SELECT race AS k, count(*) AS n FROM diabetes_form GROUP BY 1", "race"),
        ("SELECT age_band AS k, count(*) AS n FROM diabetes_form GROUP BY 1", "age"),
        ("SELECT readmitted AS k, count(*) AS n FROM diabetes_form GROUP BY 1", "readmitted"),
        ("SELECT sex AS k, count(*) AS n FROM encounter GROUP BY 1", "gender"),
        ("SELECT value_text AS k, count(*) AS n FROM lab_result GROUP BY 1", "A1C"),
    ],
)
def test_values_are_kept(example, expected, sql, key):
    """`?` is missing, but `None` of HbA1c is "not measured": no laboratory row, and no missing value."""
    words = {"1": "Male", "2": "Female", "0": "Unknown/Invalid", None: "?"} if key in ("gender", "race") else {}
    found = {words.get(row["k"], row["k"]): row["n"] for row in example.query(sql)}
    assert found == {word: n for word, n in expected[key].items() if word != "None"}


def test_nothing_failed_and_every_definition_is_proved(example):
    assert example.run.faults == ()
    assert example.disagreements() == []
