"""From the form to the last step, through the browser's requests."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.web.conftest import PASSWORD
from xunzhi.web.accounts.identity import purposes
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.models import Case, Draft
from xunzhi.web.cases.services import move

Browser = Callable[[str], Client]
Filed = Callable[..., Case]
Problem = Callable[..., dict[str, Any]]
EVIL = "<script>alert('x')</script>"


def _sent(values: dict[str, Any]) -> dict[str, Any]:
    """Values as a browser sends them."""
    sent: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            sent |= {f"{name}.{n}.{key}": cell for n, row in enumerate(value) for key, cell in row.items()}
        elif isinstance(value, dict):
            sent |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            sent[name] = value
    return sent


def test_filing_a_case_leads_to_its_page(signed_in: Browser, problem: Problem) -> None:
    answer = signed_in("officer").post("/cases/finding/new", _sent(problem()), follow=True)
    case = Case.objects.get()
    assert answer.redirect_chain == [(f"/cases/{case.pk}", 302)]
    assert case.title.encode() in answer.content


def test_mistakes_stand_at_their_fields_and_nothing_typed_is_lost(signed_in: Browser, problem: Problem) -> None:
    sent = _sent(problem(deadline="soon", problem="", subject="抢救车"))
    answer = signed_in("officer").post("/cases/finding/new", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#f-deadline"' in page
    assert 'href="#f-problem"' in page
    assert 'value="抢救车"' in page
    assert 'value="soon"' in page
    assert not Case.objects.exists()


def test_scripts_in_texts_are_shown_as_texts(
    signed_in: Browser, finding: Filed, reply: dict[str, Any], people: SimpleNamespace
) -> None:
    case = finding("issue", subject=EVIL, problem=EVIL, requirement=EVIL, clause=EVIL)
    measures = [{**reply["measures"][0], "what": EVIL}]
    move(case, "plan", {"cause": EVIL, "measures": measures}, people.head_a, case.version, comment=EVIL)
    browser = signed_in("officer")
    browser.post(f"/cases/{case.pk}/comment", {"text": f"{EVIL} @officer {EVIL}"})
    for address in (f"/cases/{case.pk}", "/cases/finding", "/cases/finding/board", f"/cases/{case.pk}/move/return"):
        assert EVIL not in browser.get(address).content.decode(), address
    assert "alert(&#x27;x&#x27;)" in browser.get(f"/cases/{case.pk}").content.decode()


def test_of_two_who_take_a_step_the_second_is_told_who_was_faster_and_keeps_what_he_typed(
    signed_in: Browser, finding: Filed, reply: dict[str, Any], people: SimpleNamespace
) -> None:
    case = finding("issue", "acknowledge")
    seen = case.version
    move(case, "plan", {name: reply[name] for name in ("cause", "measures")}, people.head_a, case.version)
    sent = _sent({"cause": "另一原因", "measures": reply["measures"]}) | {"version": seen}
    answer = signed_in("head_a").post(f"/cases/{case.pk}/move/plan", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "head_a changed" in page
    assert "另一原因" in page
    case.refresh_from_db()
    assert case.values["cause"] == reply["cause"]


def test_a_step_out_of_order_is_explained(signed_in: Browser, finding: Filed) -> None:
    case = finding()
    answer = signed_in("officer").post(f"/cases/{case.pk}/move/pass", {"version": case.version, "password": PASSWORD})
    assert answer.status_code == 422
    assert "can&#x27;t be done while" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "draft"


def test_signing_asks_for_the_password_again(signed_in: Browser, finding: Filed, reply: dict[str, Any]) -> None:
    case = finding("issue", "acknowledge")
    sent = _sent(reply) | {"version": case.version}
    refused = signed_in("head_a").post(f"/cases/{case.pk}/move/answer", sent | {"password": "wrong"})
    assert refused.status_code == 422
    assert reply["done_evidence"] in refused.content.decode()
    answer = signed_in("head_a").post(f"/cases/{case.pk}/move/answer", sent | {"password": PASSWORD})
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.state == "recheck"


def test_what_is_typed_is_kept_and_comes_back(signed_in: Browser) -> None:
    browser = signed_in("officer")
    saved = browser.post("/cases/finding/draft", {"subject": "未完", "draft_version": ""})
    assert saved.status_code == 200
    assert 'value="未完"' in browser.get("/cases/finding/new").content.decode()
    assert 'value="未完"' not in signed_in("head_a").get("/cases/finding/new").content.decode()


def test_a_second_tab_does_not_overwrite_the_first(signed_in: Browser) -> None:
    browser = signed_in("officer")
    first = browser.post("/cases/finding/draft", {"subject": "甲", "draft_version": ""}).json()["version"]
    second = browser.post("/cases/finding/draft", {"subject": "乙", "draft_version": ""})
    assert second.status_code == 409
    assert Draft.objects.get().values["subject"] == "甲"
    taken = browser.post("/cases/finding/draft", {"subject": "乙", "draft_version": second.json()["version"]})
    assert taken.status_code == 200
    assert taken.json()["version"] != first


def test_a_filed_case_leaves_no_draft(signed_in: Browser, problem: Problem) -> None:
    browser = signed_in("officer")
    browser.post("/cases/finding/draft", {"subject": "甲", "draft_version": ""})
    browser.post("/cases/finding/new", _sent(problem()))
    assert not Draft.objects.exists()


PATIENT = {"patient_id": "P0042", "encounter_id": "", "name": "欧阳明"}


def test_patients_are_hidden_until_someone_who_may_says_why(signed_in: Browser, finding: Filed) -> None:
    case = finding(patient={"patient_id": "P0042", "name": "欧阳明"})
    browser = signed_in("officer")
    assert "欧阳明" not in browser.get(f"/cases/{case.pk}").content.decode()
    refused = browser.post(f"/cases/{case.pk}/identify", {"purpose": ""}, follow=True)
    assert "欧阳明" not in refused.content.decode()
    purpose = next(iter(purposes()))
    named = browser.post(f"/cases/{case.pk}/identify", {"purpose": purpose}).content.decode()
    assert "欧阳明" in named
    assert 'class="watermark"' in named
    assert Entry.objects.filter(action="patient.identify").count() == 1
    assert "欧阳明" not in browser.get(f"/cases/{case.pk}").content.decode()


def test_editing_keeps_a_hidden_patient(signed_in: Browser, finding: Filed, problem: Problem) -> None:
    case = finding(patient={"patient_id": "P0042", "name": "欧阳明"})
    browser = signed_in("officer")
    assert "欧阳明" not in browser.get(f"/cases/{case.pk}/edit").content.decode()
    answer = browser.post(f"/cases/{case.pk}/edit", _sent(problem(subject="改名")) | {"version": case.version})
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.values["patient"]["name"] == "欧阳明"
    assert case.title == "改名"


@pytest.mark.parametrize(("form", "start"), [("pdf", b"%PDF"), ("word", b"PK")])
def test_a_print_out_is_recorded_with_its_purpose(signed_in: Browser, finding: Filed, form: str, start: bytes) -> None:
    case = finding(subject="#set page() $x$ <b>")
    purpose = next(iter(purposes()))
    answer = signed_in("officer").post(f"/cases/{case.pk}/print", {"purpose": purpose, "format": form})
    assert answer.content.startswith(start)
    assert Entry.objects.get(action="print").purpose.startswith(purpose)
