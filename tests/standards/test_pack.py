"""A pack with a mistake is refused with file, line, field and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xunzhi.standards import StandardsError, load_pack
from xunzhi.standards.sql import Binder, SqlError

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
        ("pack.yaml", "rules: [outside]", "rules: [outsied]", "did you mean 'outside'"),
        ("indicators/indicators.yaml", "chart: p\n", "chart: p\n  rules: [trend_0]\n", "no signal rule 'trend_0'"),
        ("grains/grains.yaml", "    drug: encounter_id\n", "", "reads 'drug' but doesn't link it"),
        ("grains/grains.yaml", "bool_or(antibiotic)", "bool_or(antibiotik)", '"antibiotik" not found'),
        ("grains/grains.yaml", "{department: department, doctor", "{department: departement, doctor", "'department'"),
        ("tables/tables.yaml", "month: discharge_time", "month: discharged", "no column of the table"),
        ("tables/tables.yaml", "type: money", "type: mony", "'money'"),
        ("tables/tables.yaml", "key: [institution, drug_id]", "key: [drug_id, patient_id]", "begins with institution"),
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
    last = "numerator: {grain: discharge, sum: cost}, denominator: null, chart: i}"
    circle = [
        f"- {{<<: *common, id: {name}, kind: ratio,"
        f" numerator: {{indicator: {other}}}, denominator: {{indicator: stay}}}}"
        for name, other in ("ab", "ba")
    ]
    replace(pack, "indicators/indicators.yaml", last, "\n".join([last, *circle]))
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


OWN = """
pack: own
version: "1"
label: {zh: 本院, en: Own}
extends: ../pack
areas: {ward: {zh: 病区, en: Ward}}
owners: {}
strata: {}
"""

DEATHS = """
- id: deaths
  label: {zh: 死亡人数, en: Deaths}
  area: ward
  kind: count
  unit: 人
  direction: lower
  class: outcome
  chart: c
  owner: quality_office
  why: {zh: 本院自定, en: Our own}
  source: {document: 本院, edition: "1", verified: none}
  numerator: {grain: discharge, count: died}
  oracle: |
    SELECT institution, strftime(discharge_time, '%Y-%m') AS month, coalesce(department, '') AS department,
           count(*) AS numerator
    FROM encounter WHERE died GROUP BY ALL
  case:
    encounter: |
      | encounter_id | discharge_time   | died |
      | E1           | 2026-03-02 10:00 | true |
    expect: {month: 2026-03, numerator: 1}
"""


@pytest.fixture
def own(pack):
    """A pack beside the good one that extends it by an indicator in an area of its own."""
    folder = pack.parent / "own"
    (folder / "indicators").mkdir(parents=True)
    (folder / "pack.yaml").write_text(OWN, encoding="utf-8")
    (folder / "indicators" / "own.yaml").write_text(DEATHS, encoding="utf-8")
    return folder


def test_a_pack_that_extends_another_has_all_of_it_and_its_own(own, pack):
    base, both = load_pack(pack), load_pack(own)
    assert set(both.indicators) == {*base.indicators, "deaths"}
    assert both.tables == base.tables
    assert both.grain_columns == base.grain_columns
    assert (list(both.manifest.areas), both.manifest.rules) == (["hospital", "ward"], base.manifest.rules)
    assert (both.manifest.pack, both.root, both.layers) == ("own", own, (pack, own))


def test_its_fingerprint_changes_with_either_pack(own, pack):
    before = load_pack(own).fingerprint
    replace(pack, "indicators/indicators.yaml", "count: died}", "count: NOT died}")
    between = load_pack(own).fingerprint
    replace(own, "indicators/own.yaml", "count: died}", "count: NOT died}")
    assert len({before, between, load_pack(own).fingerprint}) == 3


def test_it_may_keep_only_some_indicators(own):
    replace(own, "pack.yaml", "extends: ../pack", "extends: ../pack\nkeeps: [mortality]")
    assert list(load_pack(own).indicators) == ["mortality", "deaths"]


def test_it_may_replace_what_it_says_it_replaces(own):
    replace(
        own, "pack.yaml", "extends: ../pack", "extends: ../pack\nreplaces: {indicators: [falls], areas: [hospital]}"
    )
    replace(own, "pack.yaml", "areas: {", "areas: {hospital: {zh: 本院, en: Ours}, ")
    replace(own, "indicators/own.yaml", "id: deaths", "id: falls")
    both = load_pack(own)
    assert both.indicators["falls"].label.en == "Deaths"
    assert both.manifest.areas["hospital"].en == "Ours"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("indicators/own.yaml", "id: deaths", "id: falls", "or say replaces: {indicators: [falls]}"),
        ("pack.yaml", "areas: {", "areas: {hospital: {zh: 本院, en: Ours}, ", "say replaces: {areas: [hospital]}"),
        ("pack.yaml", "extends: ../pack", "extends: ../pack\nreplaces: {indicators: [fals]}", "did you mean 'falls'"),
        ("pack.yaml", "extends: ../pack", "extends: ../pack\nkeeps: [mortalty]", "did you mean 'mortality'"),
        ("pack.yaml", "extends: ../pack", "extends: cn_hospitl", "did you mean 'cn_hospital'"),
        ("pack.yaml", "extends: ../pack", "extends: ../own", "own → own; break the circle"),
        ("pack.yaml", "extends: ../pack", "extend: ../pack", "no such field"),
        ("indicators/own.yaml", "grain: discharge", "grain: discharg", "did you mean 'discharge'"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_extending_pack_is_named_with_its_place(own, file, old, new, says):
    replace(own, file, old, new)
    with pytest.raises(StandardsError) as caught:
        load_pack(own)
    found = [problem for problem in caught.value.problems if says in problem.message]
    assert found, caught.value
    assert found[0].file == own / file


def test_what_is_replaced_must_be_defined(own, pack):
    replace(own, "pack.yaml", "extends: ../pack", "extends: ../pack\nreplaces: {grains: [fall]}")
    assert "own says that it replaces 'fall', but doesn't define it" in problem(own)


@pytest.mark.parametrize(
    "select",
    [
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT 1; COPY (SELECT 1) TO '/tmp/standard.csv'",
        "SELECT * FROM glob('/*')",
    ],
)
def test_a_standard_reads_no_files_of_the_machine(select: str) -> None:
    with pytest.raises(SqlError):
        Binder({"encounter": {"died": "BOOLEAN"}}).columns(select)
