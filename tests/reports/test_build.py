"""What a bulletin says: every number in it is derived again here from the stored results, by other means."""

from __future__ import annotations

import re
from datetime import datetime

import pyarrow as pa
import pytest

from xunzhi.measures import measure
from xunzhi.measures.signals import scan
from xunzhi.reports import Source, build
from xunzhi.reports.model import Bulletin, Figures, Grid, GridRow, Key, Number, Sentence, TableBlock

DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")


def grid_rows(bulletin: Bulletin) -> dict[str, GridRow]:
    grid = next(block for block in bulletin.blocks() if isinstance(block, Grid))
    return {row.indicator: row for area in grid.areas for row in area.rows}


def digits(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in DIGITS.findall(text)]


def stored(source: Source, key) -> dict[str, object]:
    """A result, read without the code under test."""
    rows = source.readings.query(
        "SELECT * FROM result WHERE (indicator, stratum, unit, period) = ($i, $s, $u, $p) AND institution = 'H1'",
        {"i": key.indicator, "s": key.stratum, "u": key.unit, "p": key.period},
    ).to_pylist()
    assert len(rows) <= 1
    return rows[0] if rows else {"status": "not_collected", "value": None}


def centre_of(source: Source, key) -> float:
    """The centre line of a p chart by its definition: events through cases of the baseline months."""
    rows = source.readings.query(
        """SELECT numerator, denominator FROM result WHERE indicator = $i AND stratum = $s AND unit = $u
           AND period_kind = 'month' AND period <= $p ORDER BY period""",
        {"i": key.indicator, "s": key.stratum, "u": key.unit, "p": key.period},
    ).to_pylist()[:-12]
    return 100 * sum(row["numerator"] for row in rows) / sum(row["denominator"] for row in rows)


def kinds_of(source: Source, key) -> str:
    found = [s for month in source.months for s in scan(source.readings, "H1", month).signals]
    return next(
        s.kind for s in found if (s.indicator, s.stratum, s.unit) == (key.indicator, key.stratum, key.unit or s.unit)
    )


CLAIMS = {
    "ok": lambda source, key: stored(source, key)["status"] == "ok",
    "no_cases": lambda source, key: stored(source, key)["status"] == "no_cases",
    "not_collected": lambda source, key: stored(source, key)["status"] == "not_collected",
    "fault": lambda source, key: key.indicator in source.state.faults,
    "targeted": lambda source, key: source.pack.indicators[key.indicator].target is not None,
    "met": lambda source, key: stored(source, key)["value"] <= source.pack.indicators[key.indicator].target.value,
    "provisional": lambda source, key: stored(source, key)["provisional"],
    "improvement": lambda source, key: kinds_of(source, key) == "improvement",
    "neutral": lambda source, key: kinds_of(source, key) == "neutral",
    "concern_both": lambda source, key: kinds_of(source, key) in ("concern", "both"),
    "department_signal": lambda source, key: key.stratum == "department" and bool(kinds_of(source, key)),
    "department_worse": lambda source, key: kinds_of(source, key) in ("concern", "both"),
    "unverified": lambda source, key: source.pack.indicators[key.indicator].revisions[-1].source.verified != "formula",
}


def derived(source: Source, number: Number, unit: str) -> float:
    """The number of a sentence, derived from the results that it names."""
    if number.measure.startswith("count_"):
        claim = CLAIMS[number.measure.removeprefix("count_")]
        assert len(set(number.rows)) == len(number.rows)
        assert all(claim(source, key) for key in number.rows)
        return len(number.rows)
    if number.measure in ("numerator", "denominator"):
        return stored(source, number.rows[0])[number.measure]
    if number.measure == "point":
        row = stored(source, number.rows[0])
        return row["value"]
    if number.measure == "centre":
        return centre_of(source, number.rows[0])
    constants = {
        "charts_judged": lambda: source.looked_at(unit)[0],
        "false_alarms_expected": lambda: source.looked_at(unit)[1],
        "units_of": lambda: len({key.unit for key in number.rows}),
        "signals_all": lambda: sum(len(source.signals(stratum)) for stratum in ("hospital", "department")),
        "settle_days": lambda: source.pack.manifest.settle_days,
        "units_too_small": lambda: 1,
        "minimum": lambda: 30,
        "count": lambda: 8,
        "grains_missing": lambda: 1,
    }
    return constants[number.measure]()


def chart_sentences(bulletin: Bulletin) -> list[Sentence]:
    return [f.summary for block in bulletin.blocks() if isinstance(block, Figures) for f in block.items]


@pytest.mark.parametrize("which", ["hospital", "english", "department"])
def test_every_number_in_a_sentence_is_one_of_its_numbers(which, request):
    for sentence in request.getfixturevalue(which).sentences():
        text = sentence.text
        for part in sorted((*sentence.names, *(number.text for number in sentence.numbers)), key=len, reverse=True):
            assert part in text
            text = text.replace(part, "", 1)
        left = re.sub(r"99\.8%", "", text)  # the funnel's own level
        assert not digits(left), sentence.text


@pytest.mark.parametrize(("which", "unit"), [("hospital", ""), ("english", ""), ("department", "D8")])
def test_every_number_is_derived_again_from_the_results_it_names(which, unit, request, source):
    bulletin = request.getfixturevalue(which)
    charts = chart_sentences(bulletin)
    checked = 0
    for sentence in bulletin.sentences():
        if sentence in charts:
            continue
        for number in sentence.numbers:
            where = (
                "" if number.measure in ("charts_judged", "false_alarms_expected") and "q" in sentence.text else unit
            )
            assert number.value == pytest.approx(derived(source, number, where)), (sentence.text, number)
            assert digits(number.text)[0] == pytest.approx(number.value, abs=0.051)
            checked += 1
    assert checked > 15


def test_chart_summaries_state_the_chart(hospital, source):
    summary = next(s for s in chart_sentences(hospital) if "住院死亡率" in s.text and "控制限" in s.text)
    block, row = source.chart("mortality")
    numbers = {number.measure: number.value for number in summary.numbers}
    limits = block.limits
    expected = {"point": limits.value, "centre": limits.centre, "lower": limits.lower, "upper": limits.upper}
    assert numbers == pytest.approx({name: float(line[row, -1]) for name, line in expected.items()})


def test_what_doubled_is_worse_and_what_halved_is_better(hospital):
    sections = {section.id: section for section in hospital.sections}
    worse = " ".join(item.caption.text for item in sections["changes-worse"].blocks[0].items)
    better = " ".join(item.caption.text for item in sections["changes-better"].blocks[0].items)
    assert "住院死亡率" in worse
    assert "再入院率" not in worse
    assert "再入院率" in better


def test_icons_of_a_month_agree_with_its_signals(hospital, source):
    moved = {signal.indicator: signal.kind for signal in source.signals("hospital")}
    for name, row in grid_rows(hospital).items():
        if row.variation.kind != "none":
            assert row.variation.kind == moved.get(name, "common_cause")


def test_states_are_words_and_never_zeros(hospital):
    rows = grid_rows(hospital)
    assert rows["satisfaction"].value.text == "未采集"
    assert rows["impossible"].value.text == "计算失败"
    assert rows["satisfaction"].value.value is None


def test_unverified_definitions_and_targets_carry_footnotes(hospital):
    rows = grid_rows(hospital)
    assert rows["mortality"].marks == ("c", "d")
    assert rows["readmission"].marks == ("b",)
    assert rows["never_events"].marks == ()
    grid = next(block for block in hospital.blocks() if isinstance(block, Grid))
    assert [note[0] for note in grid.notes] == ["b", "c", "d"]


def test_previous_and_year_before_are_those_periods(hospital, source):
    row = grid_rows(hospital)["mortality"]
    for cell, period in ((row.previous, "2026-04"), (row.year_before, "2025-05")):
        was = stored(source, Key("mortality", "hospital", "", period))
        assert cell.value == pytest.approx(was["value"])


def test_a_department_below_the_minimum_is_not_ranked(hospital):
    funnels = [
        f for block in hospital.blocks() if isinstance(block, Figures) for f in block.items if f.id.startswith("f-")
    ]
    assert funnels
    for figure in funnels:
        assert "小科室" not in {row[0].text for row in figure.table.rows}
        assert len(figure.table.rows) == 8
    outside = next(b for b in hospital.blocks() if isinstance(b, TableBlock) and b.id == "outside")
    assert "骨科" in {row[1].text for row in outside.rows}


def test_a_small_department_is_neither_coloured_nor_held_against_a_target(source):
    rows = grid_rows(build(source, "zh", "D9"))
    assert rows["mortality"].variation.kind == "none"
    assert rows["mortality"].assurance.kind == "none"


def test_names_lose_their_control_characters(source):
    assert source.name_of("D9") == "小科室"


def test_a_month_not_complete_is_provisional(source_of):
    bulletin = build(source_of("2026-06"), "zh")
    row = grid_rows(bulletin)["mortality"]
    assert row.state == "暂定"
    assert row.spark.provisional
    better = next(section for section in bulletin.sections if section.id == "changes-better")
    assert all("暂定" in figure.caption.text for figure in better.blocks[0].items)
    assert any("暂定" in sentence.text and sentence.numbers for sentence in bulletin.sentences())


@pytest.mark.parametrize(("period", "title"), [("2026Q2", "2026年第2季度"), ("2025", "2025年")])
def test_quarters_and_years(source_of, period, title):
    bulletin = build(source_of(period), "zh")
    assert bulletin.period == title
    assert grid_rows(bulletin)["mortality"].value.value == pytest.approx(
        stored(source_of(period), Key("mortality", "hospital", "", period))["value"]
    )


def test_an_unknown_period_or_department_says_what_there_is(source_of, source):
    with pytest.raises(ValueError, match="2023-07 … 2026-06"):
        source_of("2020-01")
    with pytest.raises(ValueError, match="D8"):
        build(source, "zh", "D99")


def test_stale_results_and_failures_are_told_first(own_home):
    source = own_home("2026-05")
    assert build(source, "zh").notices == ()
    with source.readings.lake.write("late data") as transaction:
        transaction.upsert(
            "department", pa.table({"institution": ["H1"], "department": ["D1"], "name": ["心血管内科"]})
        )
    source.readings.store.fail(2, RuntimeError("磁盘已满"))
    stale, failed = build(own_home("2026-05"), "zh").notices
    assert [number.value for number in stale.numbers] == [1, 2]
    assert "磁盘已满" in failed.text


def test_refused_rows_are_counted(own_home):
    source = own_home("2026-05")
    refused = {
        "institution": ["H1"] * 3,
        "id": ["a", "b", "c"],
        "batch": [1] * 3,
        "mapping": ["m"] * 3,
        "source": ["s"] * 3,
    }
    what = {"table_name": ["stay"] * 3, "rule": ["died:type"] * 3, "status": ["open", "open", "resolved"]}
    seen = pa.array([datetime(2026, 6, 1)] * 3, pa.timestamp("us"))
    with source.readings.lake.write("quarantine") as transaction:
        transaction.upsert("ingest_quarantine", pa.table({**refused, **what, "first_seen": seen}))
    measure(source.readings.lake, source.readings.store.root.parent)
    bulletin = build(own_home("2026-05"), "zh")
    table = next(block for block in bulletin.blocks() if isinstance(block, TableBlock) and block.id == "quarantine")
    assert [[cell.text for cell in row] for row in table.rows] == [["住院", "died:type", "2"]]


def test_limits_that_the_last_point_belies_don_t_judge_the_target(hospital):
    """Readmission fell below its target of 30 %, while its limits still lie around the old 40 %."""
    row = grid_rows(hospital)["readmission"]
    assert row.value.value < 30
    assert row.assurance.kind == "none"
    assert grid_rows(hospital)["mortality"].assurance.kind in ("varies", "fails")
