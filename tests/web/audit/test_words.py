"""Every action that the site records has words for those who read the log."""

from __future__ import annotations

import ast
from pathlib import Path

from xunzhi.web.audit.words import ACTIONS, action_said, purpose_said
from xunzhi.web.jobs.data_views import ACTS
from xunzhi.web.signals.models import Signal

WEB = Path(__file__).parents[3] / "src/xunzhi/web"


def recorded() -> set[str]:
    """The first text in every call of `record`, `Act` and rooms' own helpers for them."""
    calls = (
        call
        for file in WEB.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        and call.func.id in ("record", "Act", "_record", "_recorded")
    )  # fmt: skip
    texts = ([part.value for part in call.args if isinstance(part, ast.Constant) and part.value] for call in calls)
    return {found[0] for found in texts if found}


def test_every_action_has_words() -> None:
    built = {f"signal.{state}" for state in Signal.State.values} | {f"data.{act}" for act in ACTS}
    found = recorded()
    assert len(found) > 40
    assert (found | built) - set(ACTIONS) == set()


def test_a_purpose_is_read_in_the_language_of_the_site() -> None:
    assert purpose_said("quality_review: 核对病历").endswith(": 核对病历")
    assert "quality_review" not in purpose_said("quality_review")
    assert purpose_said("上级检查") == "上级检查"
    assert action_said("sign_in") == "登录"
    assert action_said("of an older version") == "of an older version"
