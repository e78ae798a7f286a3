"""What strangers try at the door of any site."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError
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


def test_files_of_strangers_never_reach_the_disk(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", lambda *_: pytest.fail("a file was kept"))
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies["csrftoken"] = "a" * 32
    for address in ("/sign-in", "/cases/upload", "/organisation/import", "/nothing/here", "/sign-in?next=%00"):
        answer = stranger.post(address, {"file": SimpleUploadedFile("a.txt", b"x")})
        assert answer.status_code in (400, 403, 404), address


def test_an_upload_that_breaks_off_is_no_fault_of_the_program(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_request: WSGIRequest) -> None:
        raise UnreadablePostError("request data read error")

    client = Client()
    client.force_login(people.officer)
    monkeypatch.setattr(WSGIRequest, "_load_post_and_files", broken)
    assert client.post("/cases/upload", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 400
