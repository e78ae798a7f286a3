"""A signature is given by who knows the password, and nobody guesses it there."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.web.conftest import PASSWORD
from xunzhi.web.accounts import second_factor, totp
from xunzhi.web.accounts.directory import DirectoryBackend, DirectoryError
from xunzhi.web.accounts.signing_in import OIDC
from xunzhi.web.cases.models import Case

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def pressed(signed_in: Any, finding: Any, reply: dict[str, Any], people: SimpleNamespace) -> Any:
    """The head of cardiology hands in a reply and signs it: `pressed("password")` returns page and case."""
    case = finding("issue")

    def sign(password: str, backend: str | None = None) -> tuple[Any, Case]:
        client: Client = signed_in("head_a")
        client.force_login(people.head_a, backend)
        sent = {"version": case.version, "password": password}
        answer = client.post(f"/cases/{case.pk}/move/answer", {**sent, **_typed(reply)})
        return answer, Case.objects.get(pk=case.pk)

    return sign


def _typed(reply: dict[str, Any]) -> dict[str, Any]:
    (measure,) = reply["measures"]
    rows = {f"measures.0.{name}": value for name, value in measure.items()}
    return {"cause": reply["cause"], "done_evidence": reply["done_evidence"], "measures.rows": "1", **rows}


def test_with_the_password_it_is_signed(pressed: Any) -> None:
    answer, case = pressed(PASSWORD)
    assert answer.status_code == 302, answer.content.decode()
    assert case.state == "recheck"
    assert case.log.get(transition="answer").signed_as.startswith("head_a")


def test_wrong_passwords_are_counted_and_then_the_right_one_does_not_help_either(pressed: Any) -> None:
    for _guess in range(5):
        answer, case = pressed("guess")
        assert answer.status_code == 422
        assert "nothing was signed" in answer.content.decode()
    answer, case = pressed(PASSWORD)
    assert "Locked after too many failures" in answer.content.decode()
    assert case.state == "issued"


def test_who_signs_in_by_the_directory_signs_by_it(
    pressed: Any, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.head_a.set_unusable_password()
    people.head_a.save()
    client_says = {"known": people.head_a}

    def asked(self: Any, request: Any, username: str = "", password: str = "") -> Any:
        if password == "unreachable":
            raise DirectoryError
        return client_says["known"] if (username, password) == ("head_a", "of the directory") else None

    monkeypatch.setattr(DirectoryBackend, "authenticate", asked)
    assert "directory doesn&#x27;t answer" in pressed("unreachable")[0].content.decode()
    assert pressed("wrong")[1].state == "issued"
    client_says["known"] = people.officer
    assert pressed("of the directory")[1].state == "issued", "the directory's name is somebody else's account here"
    client_says["known"] = people.head_a
    assert pressed("of the directory")[1].state == "recheck"


def test_who_comes_by_single_sign_on_signs_with_a_code_and_each_code_once(
    pressed: Any, people: SimpleNamespace
) -> None:
    people.head_a.set_unusable_password()
    people.head_a.save()
    assert "Set up a second factor" in pressed("", OIDC)[0].content.decode()
    now = datetime(2026, 11, 20, 4, 0, 5, tzinfo=UTC)
    code = totp.code_at(SECRET, int(now.timestamp()) // 30)
    with time_machine.travel(now, tick=False):
        second_factor.enrol(people.head_a, SECRET, code, people.head_a)
        assert "was used already" in pressed(code, OIDC)[0].content.decode(), "it has shown the factor already"
    with time_machine.travel(now.replace(second=35), tick=False):
        answer, case = pressed(totp.code_at(SECRET, int(now.timestamp()) // 30 + 1), OIDC)
    assert case.state == "recheck", answer.content.decode()


def test_the_password_stays_the_way_of_who_has_one(pressed: Any) -> None:
    assert pressed(PASSWORD, OIDC)[1].state == "recheck"
