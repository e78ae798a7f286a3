"""Cases as people of the small hospital file them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case

MEASURE = {"what": "抢救车改为密封管理", "by": "2026-12-10", "strength": "strong"}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts in English, whatever the language of the site."""
    with translation.override("en"):
        yield


@pytest.fixture
def problem(units: SimpleNamespace) -> Callable[..., dict[str, Any]]:
    """What a quality officer fills in for a finding: `problem(severity="serious")`."""

    def values(**changes: Any) -> dict[str, Any]:
        return {
            "subject": "抢救车药品近效期未更换",
            "problem": "现场查看抢救车，肾上腺素两支已过有效期。",
            "severity": "serious",
            "found_time": "2026-11-20T09:30",
            "source": "inspection",
            "department": units.cardiology.pk,
            "deadline": "2026-12-04",
            **changes,
        }

    return values


@pytest.fixture
def reply(people: SimpleNamespace) -> dict[str, Any]:
    """What the department answers."""
    measure = {**MEASURE, "owner": people.nurse_a.person.pk}
    return {"cause": "无近效期核对流程", "measures": [measure], "done_evidence": "已更换并封存，见照片"}


@pytest.fixture
def finding(people: SimpleNamespace, problem: Callable[..., dict[str, Any]]) -> Callable[..., Case]:
    """A finding of cardiology, filed by the officer, after some steps: `finding("issue", "acknowledge")`."""

    def filed(*steps: str, **values: Any) -> Case:
        case = open_case("finding", problem(**values), people.officer)
        for step in steps:
            case = move(case, step, {}, None, case.version, comment="…")
        return case

    return filed
