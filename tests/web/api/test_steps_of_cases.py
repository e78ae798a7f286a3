"""What the API leaves to the browser: steps that are signed, and cases whose opener stays unknown."""

from __future__ import annotations

import pytest

from tests.web.cases.conftest import problem, reply
from tests.web.cases.test_anonymous import VOICE
from xunzhi.standards.cases import CaseType
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.cases.types import case_types

__all__ = ["problem", "reply"]
pytestmark = pytest.mark.django_db


def test_a_step_that_is_signed_is_not_offered_and_not_taken(asking, people, problem, reply) -> None:
    case = open_case("finding", problem(), people.officer)
    case = move(case, "issue", {}, people.officer, case.version)
    ask, address = asking("head_a"), f"/api/cases/{case.pk}"
    offered = ask("get", address).json()["steps"]
    assert "acknowledge" in offered
    assert "answer" not in offered
    said = ask("post", f"{address}/move", {"step": "answer", "version": case.version, "values": reply})
    assert said.status_code == 409
    assert Case.objects.get(pk=case.pk).state == "issued"


def test_anonymous_cases_are_not_filed_by_token(asking, units, monkeypatch) -> None:
    monkeypatch.setitem(case_types(), "voice", CaseType.model_validate(VOICE))
    ask = asking("doctor_b")
    kinds = {kind["name"]: kind for kind in ask("get", "/api/cases/types").json()}
    assert not kinds["voice"]["may_open"]
    values = {"subject": "夜间人手不足", "about": units.surgery.pk}
    said = ask("post", "/api/cases", {"type": "voice", "values": values})
    assert said.status_code == 409
    assert "browser" in said.json()["detail"]
    assert not Case.objects.exists()


def test_an_anonymous_case_tells_no_reader_who_filed_it(asking, people, units, monkeypatch) -> None:
    monkeypatch.setitem(case_types(), "voice", CaseType.model_validate(VOICE))
    filer = asking("doctor_b")
    case = open_case("voice", {"subject": "夜间人手不足", "about": units.surgery.pk}, people.doctor_b)
    told = asking("officer")("get", f"/api/cases/{case.pk}").content.decode()
    assert "doctor_b" not in told
    assert people.doctor_b.person.code not in told
    assert filer("get", f"/api/cases/{case.pk}").status_code == 404
