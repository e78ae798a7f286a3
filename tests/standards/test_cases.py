"""Conditions of forms, and case types: what they mean, and how mistakes in them are named."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xunzhi.standards import StandardsError, load_pack
from xunzhi.standards.cases import CaseType
from xunzhi.standards.expressions import Condition, evaluate, parse
from xunzhi.standards.forms import FormField, Scale

GOOD = Path(__file__).parents[1] / "measures" / "pack"
ROOT = Path(__file__).parents[2]
BROWSER = ROOT / "src/xunzhi/web/cases/static/cases/conditions.js"

VALUES = {
    "severity": "serious", "points": 3, "zero": 0, "cause": "", "by": "2026-03-02", "urgent": True, "calm": False,
    "kinds": ["a", "b"], "measures": [{"what": "x"}, {"what": "y"}], "none": [], "scale": {"total": 12, "band": "high"},
}  # fmt: skip

CONDITIONS = {
    "severity = 'serious'": True,
    "severity != 'serious'": False,
    "severity in ['general', 'serious']": True,
    "severity in ['general']": False,
    "points >= 3": True,
    "points > 3": False,
    "points < '5'": False,
    "zero = 0": True,
    "zero = false": False,
    "points = true": False,
    "urgent": True,
    "calm": False,
    "severity": False,
    "not calm": True,
    "absent": False,
    "absent = ''": True,
    "absent != 'x'": True,
    "absent < 1": False,
    "absent > 1": False,
    "empty(cause)": True,
    "empty(none)": True,
    "empty(zero)": False,
    "empty(calm)": False,
    "by >= '2026-03-01' and by < '2026-03-03'": True,
    "kinds has 'b'": True,
    "kinds has 'c'": False,
    "severity has 's'": False,
    "count(measures) = 2": True,
    "count(absent) = 0": True,
    "total(scale) >= 12": True,
    "band(scale) = 'high'": True,
    "total(severity) = 1": False,
    "calm or urgent and not empty(severity)": True,
    "(calm or urgent) and empty(severity)": False,
    "not (calm or empty(cause))": False,
    "points = -3": False,
    "points = 3.0": True,
}


@pytest.mark.parametrize(("text", "holds"), CONDITIONS.items())
def test_a_condition_says(text: str, holds: bool) -> None:
    assert Condition(text)(VALUES) is holds


def test_the_browser_says_the_same(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    script = tmp_path / "check.mjs"
    trees = json.dumps([parse(text) for text in CONDITIONS])
    script.write_text(
        f"import {{ holds }} from {json.dumps(BROWSER.as_uri())};\n"
        f"const values = {json.dumps(VALUES)};\n"
        f"console.log(JSON.stringify({trees}.map((tree) => holds(tree, values))));\n",
        encoding="utf-8",
    )
    said = subprocess.run([node, str(script)], capture_output=True, text=True, check=True).stdout
    assert dict(zip(CONDITIONS, json.loads(said), strict=True)) == CONDITIONS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("severity =", "expected a number, true, false or 'a value in quotes' at 'the end'"),
        ("severity = 'a' 'b'", "expected the end, and, or at"),
        ("severity == 'a'", "expected a number"),
        ("(a or b", "expected ')' at 'the end'"),
        ("severity in 'a'", "expected '['"),
        ("count(1)", "expected the name of a field"),
        ("__import__('os')", "expected the end"),
        ("a; b", "can't read '; b'"),
        ("", "expected"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="condition") as caught:
        parse(text)
    assert says in str(caught.value)


LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "serious", "2026-03-02"])
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("total"), inner))


@given(st.sampled_from(list(CONDITIONS)), st.dictionaries(st.sampled_from([*VALUES, "absent"]), ANYTHING))
def test_nothing_that_is_filled_in_makes_a_condition_fail(text: str, values: dict) -> None:
    assert isinstance(Condition(text)(values), bool)
    json.dumps(parse(text))
    evaluate(parse(text), values)


def test_a_scale_adds_up_and_finds_its_band() -> None:
    labels = {"zh": "…", "en": "…"}
    options = {"no": {"label": labels, "points": 0}, "yes": {"label": labels, "points": 15}}
    scale = Scale.model_validate(
        {
            "items": {"fell": {"label": labels, "options": options}, "drip": {"label": labels, "options": options}},
            "bands": {"low": {"label": labels, "from": 0}, "high": {"label": labels, "from": 25}},
        }
    )
    assert [(total := scale.total({"fell": one, "drip": other}), scale.band(total)) for one, other in (
        ("no", "no"), ("yes", "no"), ("yes", "yes"))] == [(0, "low"), (15, "low"), (30, "high")]  # fmt: skip
    assert scale.band(-1) is None


@pytest.mark.parametrize(
    "field",
    [
        {"type": "text", "options": {"a": {"zh": "甲", "en": "A"}}},
        {"type": "choice"},
        {"type": "scale"},
        {"type": "table"},
        {"type": "text", "many": True},
        {"type": "date", "min": 3},
        {"type": "table", "columns": {"a": {"type": "patient", "label": {"zh": "…", "en": "…"}}}},
        {"type": "photo"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: dict) -> None:
    with pytest.raises(ValueError, match="validation error"):
        FormField.model_validate({"label": {"zh": "…", "en": "…"}, **field})


def test_a_patient_is_masked_unless_said_otherwise() -> None:
    field = FormField.model_validate({"type": "patient", "label": {"zh": "患者", "en": "Patient"}})
    assert field.sensitivity == "identifying"


@pytest.mark.parametrize("name", list(load_pack().cases))
def test_every_case_type_is_kept_whole_as_json(name: str) -> None:
    case_type = load_pack().cases[name]
    again = CaseType.model_validate(json.loads(json.dumps(case_type.spec)))
    assert again == case_type
    assert again.fingerprint == case_type.fingerprint


@pytest.mark.parametrize("name", list(load_pack().cases))
def test_every_case_can_end_and_nobody_is_left_waiting(name: str) -> None:
    case_type = load_pack().cases[name]
    for state, spec in case_type.states.items():
        seen, ahead = set(), {state}
        while ahead:
            seen |= ahead
            ahead = {step.to for one in ahead for step in case_type.leaving(one).values() if step.to} - seen
        assert any(case_type.states[one].kind == "done" for one in seen), f"{state} never ends"
        if spec.kind != "done":
            assert spec.responsible, f"nobody is responsible in {state}"
            assert spec.hint, f"nobody is told what to do in {state}"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The small pack with the roles and the case types of the default one that it can hold."""
    folder = tmp_path / "pack"
    shutil.copytree(GOOD, folder)
    default = load_pack().root
    shutil.copy(default / "roles.yaml", folder)
    (folder / "cases").mkdir()
    shutil.copy(default / "cases" / "task.yaml", folder / "cases")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("unit: department\n", "unit: deparment\n", "must be a field of type unit"),
        ('title: "{subject}"', 'title: "{subjekt}"', "did you mean 'subject'"),
        ('number: "DB-{yyyy}-{0000}"', 'number: "DB-{yyyy}"', 'must be such as "ZG-'),
        ('number: "DB-{yyyy}-{0000}"', 'number: "DB-{mm}-{0000}"', "has a month but no year"),
        ("open_in: [assigned]", "open_in: [asigned]", "did you mean 'assigned'"),
        ("to: reported", "to: reportet", "did you mean 'reported'"),
        ("by: [opener, quality_officer]", "by: [opener, quality_oficer]", "did you mean 'quality_officer'"),
        ("needs: [result]", "needs: [results]", "did you mean 'result'"),
        ("due: deadline", "due: subject", "must be a field of type date or datetime"),
        ("within: 5 working days", "within: five days", "should match pattern"),
        ("{before: 2 working days, to", "{before: 2 working days, after: 1 day, to", "not both"),
        ("{number}：{title}，请于", "{nummer}：{title}，请于", "did you mean 'number'"),
        ("field.priority, due_at]", "field.prioritee, due_at]", "did you mean 'field.priority'"),
        ("type: long_text, label: {zh: 具体要求", "type: longtext, label: {zh: 具体要求", "'long_text'"),
        ("description: {type", "title: {type", "the name 'title' is taken"),
        ("description: {type: long_text,", "description: {type: long_text, show_if: \"priority = 'urgent'\",",
         "no field 'priority'"),
        ("description: {type: long_text,", "description: {type: long_text, required_if: \"priority = 'urgend'\",",
         "did you mean 'urgent'"),
        ("responsible: [assignee, unit_head], hint", "responsible: [responsible], hint", "name the parties"),
        ("case: task\n", "case: task\nopener: anonymous\n", "nobody knows the opener"),
        ("style: primary\n", "style: primary\n    stile: x\n", "no such field"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_case_type_is_named_with_its_place(pack: Path, old: str, new: str, says: str) -> None:
    file = pack / "cases" / "task.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(StandardsError) as caught:
        load_pack(pack)
    problem = next(one for one in caught.value.problems if says in one.message)
    assert problem.file == file
    lines = file.read_text(encoding="utf-8").splitlines()
    assert problem.line > 1 or problem.field in ("case", "")
    assert problem.line <= len(lines)


def test_the_small_pack_loads_with_its_case_type(pack: Path) -> None:
    loaded = load_pack(pack)
    assert list(loaded.cases) == ["task"]
    assert loaded.tables["case_task"].columns["deadline"].type == "date"
