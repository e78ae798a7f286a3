"""A pack with a mistake is refused with file, line, field and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xunzhi.standards import StandardsError, load_pack

GOOD = Path(__file__).parents[1] / "measures" / "pack"


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(GOOD, folder)
    return folder


def replace(pack: Path, file: str, old: str, new: str) -> int:
    """Put a mistake into a file; its line number."""
    path = pack / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def problem(pack: Path) -> str:
    with pytest.raises(StandardsError) as caught:
        load_pack(pack)
    return str(caught.value.problems[0])


def test_the_good_pack_loads(pack):
    assert load_pack(pack).indicators["mortality"].revisions[0].numerator.count == "died"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("indicators/indicators.yaml", "count: died}", "count: dyed}", '"dyed" not found'),
        ("indicators/indicators.yaml", "count: died}", "count: days}", "must be true or false"),
        ("indicators/indicators.yaml", "count: died}", "count: died AND}", "syntax error"),
        ("indicators/indicators.yaml", "{grain: fall, count: all}", "{grain: fal, count: all}", "did you mean 'fall'"),
        ("indicators/indicators.yaml", "area: hospital", "area: hopital", "did you mean 'hospital'"),
        ("indicators/indicators.yaml", "direction: lower", "direction: down", "'higher', 'lower' or 'monitor'"),
        ("indicators/indicators.yaml", "unit: \"%\"\n", "unit: \"%\"\n  unti: x\n", "no such field"),
        ("indicators/indicators.yaml", "unit: \"%\"\n", "unit: \"%\"\n  unit: x\n", "stands twice"),
        ("indicators/indicators.yaml", "{indicator: mortality}", "{indicator: mortalty}", "did you mean 'mortality'"),
        ("indicators/indicators.yaml", "id: falls,", "id: stay,", "already defined"),
        ("grains/grains.yaml", "    drug: encounter_id\n", "", "reads 'drug' but doesn't link it"),
        ("grains/grains.yaml", "bool_or(antibiotic)", "bool_or(antibiotik)", '"antibiotik" not found'),
        ("grains/grains.yaml", "{department: department, doctor: doctor}", "{department: departement, doctor: doctor}", "'department'"),
        ("tables/tables.yaml", "month: discharge_time", "month: discharged", "no column of the table"),
        ("tables/tables.yaml", "type: money", "type: mony", "'money'"),
        ("tables/tables.yaml", "key: [institution, drug_id]", "key: [drug_id, encounter_id]", "begins with institution"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(pack, file, old, new, says):
    line = replace(pack, file, old, new)
    text = problem(pack)
    assert says in text
    name, number, _ = text.removeprefix(str(pack) + "/").split(":", 2)
    assert name == file
    assert abs(int(number) - line) <= 12


def test_a_circle_of_indicators_is_shown(pack):
    replace(pack, "indicators/indicators.yaml", "numerator: {grain: discharge, sum: cost}, denominator: null, chart: i}",
            "numerator: {grain: discharge, sum: cost}, denominator: null, chart: i}\n"
            "- {<<: *common, id: a, kind: ratio, numerator: {indicator: b}, denominator: {indicator: mortality}}\n"
            "- {<<: *common, id: b, kind: ratio, numerator: {indicator: a}, denominator: {indicator: mortality}}")  # fmt: skip
    assert "a → b → a" in problem(pack)


def test_every_problem_is_reported_at_once(pack):
    replace(pack, "indicators/indicators.yaml", "count: died}", "count: dyed}")
    replace(pack, "indicators/indicators.yaml", "sum: ddds}", "sum: ddd_s}")
    with pytest.raises(StandardsError) as caught:
        load_pack(pack)
    assert len(caught.value.problems) >= 2


@pytest.mark.parametrize("text", ["", "a: [1", "- \t x"])
def test_a_file_that_is_no_yaml_says_so(pack, text):
    (pack / "indicators" / "more.yaml").write_text(text)
    assert "more.yaml:" in problem(pack)


def test_words_like_no_and_on_stay_words(pack):
    replace(pack, "tables/tables.yaml", "{zh: 死亡, en: Died}", "{zh: 死亡, en: no}")
    assert load_pack(pack).tables["encounter"].columns["died"].label.en == "no"


def test_an_unknown_pack_is_named():
    with pytest.raises(StandardsError, match="no such pack"):
        load_pack("nowhere")
