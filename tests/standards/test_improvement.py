"""improve.yaml: what a pack's author is told when a name leads nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xunzhi.standards import StandardsError, load_pack
from xunzhi.standards.improvement import load_improvement

PACK = load_pack()


def test_every_tool_belongs_to_a_step_and_points_add_up_to_100() -> None:
    found = load_improvement(PACK)
    used = {tool for method in found.methods.values() for step in method.steps.values() for tool in step.tools}
    assert used == set(found.tools)
    assert {sheet.points for sheet in found.sheets.values()} == {100}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("tools: [fishbone, whys]\n        needs: [fishbone]", "tools: [fishbone, why]", "why"),
        ("needs: [lessons]", "needs: [lesson]", "'lesson' is no tool of this step"),
        ("takes: {focus: pareto.focus}", "takes: {fokus: pareto.focus}", "fokus"),
        ("takes: {focus: pareto.focus}", "takes: {focus: parreto.focus}", "parreto"),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(PACK.root, folder)
    file = folder / "improve.yaml"
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(StandardsError) as error:
        load_improvement(load_pack(folder))
    assert said in str(error.value)
    assert "improve.yaml:" in str(error.value)
