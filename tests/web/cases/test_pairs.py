"""Cases are found by parts of words, in both databases the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xunzhi.web.cases import pairs
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.pairs import holding
from xunzhi.web.cases.services import edit

TEXTS = ("输液反应一例，心内科", "液体输入过量\nZG-2026-0001", "反应停；100%\\_'\"*", "a b", "𠮷野家手术😀")

Filed = Callable[..., Case]


def _found(text: str) -> set[str]:
    return set(Case.objects.filter(holding(text)).values_list("text", flat=True))


@pytest.fixture
def texts(finding: Filed) -> set[str]:
    """Cases with nothing but these texts, in lower case."""
    for text in TEXTS:
        Case.objects.filter(pk=finding().pk).update(text=text.lower())
    return {text.lower() for text in TEXTS}


@pytest.mark.parametrize("few", [pairs.FEW, 0], ids=["few are looked up", "many are asked"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("反应一例，")
@example("输入过量\nzg")
@example("%\\_'\"*")
@example("ZG-20")
@example("a b")
@example("液")
@example("野家手术😀")
@given(st.one_of(st.text("输液反应手术家a 0-%_\n", max_size=5), st.sampled_from(TEXTS).map(lambda text: text[2:6])))
def test_what_is_found_is_what_holds_the_text(
    texts: set[str], few: int, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(pairs, "FEW", few)
    wanted = text.lower().strip()
    assert _found(text) == {one for one in texts if wanted in one}


def test_the_index_follows_changes_and_deletions(finding: Filed, problem: Callable[..., Any], people: Any) -> None:
    case = finding()
    assert case.text in _found("肾上腺素")
    edit(case, problem(subject="约束带使用不规范", problem="无医嘱"), people.officer, case.version)
    assert not _found("肾上腺素")
    assert len(_found("约束")) == 1
    Case.objects.all().update(number="x")
    assert len(_found("约束")) == 1
    case.log.all()._raw_delete("default")
    Case.objects.all()._raw_delete("default")
    assert not _found("约束")
