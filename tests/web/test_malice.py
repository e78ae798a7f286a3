"""What strangers try at the door of any site."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http:evil.example"]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_in_and_switching_language_lead_nowhere_else(wanted: str, people: SimpleNamespace) -> None:
    sent = {"username": "officer", "password": PASSWORD, "next": wanted}
    assert Client().post("/sign-in", sent).headers["Location"] == "/"
    assert Client().post("/language", {"language": "en", "next": wanted}).headers["Location"] == "/"


def test_a_session_known_before_signing_in_is_worth_nothing_afterwards(people: SimpleNamespace) -> None:
    victim = Client()
    victim.session.save()
    planted = victim.session
    planted["x"] = 1
    planted.save()
    victim.cookies["sessionid"] = planted.session_key
    victim.post("/sign-in", {"username": "officer", "password": PASSWORD})
    assert victim.get("/account").status_code == 200
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key
    assert thief.get("/account").status_code == 302


def test_a_host_that_the_settings_do_not_name_is_refused(people: SimpleNamespace) -> None:
    assert Client(headers={"host": "evil.example"}).get("/sign-in").status_code == 400


def test_a_nul_character_is_refused_before_it_reaches_the_database(people: SimpleNamespace) -> None:
    client = Client()
    client.force_login(people.officer)
    assert client.get("/cases/finding?q=%00").status_code == 400
    assert client.post("/language", {"language": "en", "next": "/\0"}).status_code == 400
    assert client.get("/cases/finding?q=plain").status_code == 200
