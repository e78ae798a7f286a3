"""Papers are checked like every standard: what they name must be there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from xunzhi.standards import load_pack
from xunzhi.standards.errors import StandardsError
from xunzhi.standards.pack import Pack
from xunzhi.standards.prints import WHOLE, load_prints

PAPER = """
templates:
  {template}:
    letter:
      label: {{zh: 函, en: Letter}}
      opening: {{zh: "{opening}", en: "{opening}"}}
      sections: [{{label: {{zh: 一, en: One}}, fields: [{field}]}}]
      signatures: [{{label: {{zh: 签, en: Sign}}, step: {step}}}]
"""


def extended(folder: Path, **said: str) -> Pack:
    """The shipped pack with a folder of a hospital's own in front."""
    told = {"template": "notice", "opening": "{number}", "field": "problem", "step": "answer", **said}
    (folder / "prints.yaml").write_text(PAPER.format(**told), encoding="utf-8")
    pack = load_pack()
    return replace(pack, layers=(*pack.layers, folder))


def test_each_case_type_of_the_pack_finds_its_papers() -> None:
    pack = load_pack()
    found = load_prints(pack)
    assert set(found["notice"]) == {"notice", "reply"}
    assert {case.print_template for case in pack.cases.values()} <= {WHOLE, *found}


def test_a_hospital_may_have_its_own_papers(tmp_path: Path) -> None:
    assert set(load_prints(extended(tmp_path))["notice"]) == {"letter"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"field": "problme"}, "problme"),
        ({"step": "sing"}, "sing"),
        ({"opening": "{patient}"}, "patient"),
    ],
)
def test_what_is_not_there_is_named(wrong: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(StandardsError, match=said) as refused:
        load_prints(extended(tmp_path, **wrong))
    assert "prints.yaml" in str(refused.value)


def test_a_case_type_without_its_papers_is_named() -> None:
    pack = load_pack()
    lost = pack.cases["finding"].model_copy(update={"print_template": "letter"})
    with pytest.raises(StandardsError, match=r"finding\.print_template"):
        load_prints(replace(pack, cases={**pack.cases, "finding": lost}))
