"""Files through the browser: only for those who may, and never taken at their word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from xunzhi.web.cases.models import Attachment, Case

Browser = Callable[[str], Client]
Filed = Callable[..., Case]
CHINESE = "姓名,结果\n张三,阳性\n"


def _send(client: Client, address: str, name: str, content: bytes) -> object:
    return client.post(address, {"file": SimpleUploadedFile(name, content)})


def test_a_file_of_a_case_goes_to_those_who_see_the_case_and_to_no_one_else(signed_in: Browser, finding: Filed) -> None:
    case = finding("issue")
    answer = _send(signed_in("officer"), f"/cases/{case.pk}/attach", "清单.csv", CHINESE.encode("gb18030"))
    address = f"/cases/files/{answer.json()['id']}"
    fetched = signed_in("head_a").get(address)
    assert b"".join(fetched.streaming_content) == CHINESE.encode("gb18030")
    assert fetched["X-Content-Type-Options"] == "nosniff"
    assert signed_in("head_b").get(address).status_code == 404
    assert signed_in("officer_h2").get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_a_file_that_waits_to_be_filed_is_for_who_sent_it(signed_in: Browser) -> None:
    answer = _send(signed_in("officer"), "/cases/upload", "a.txt", b"text")
    address = f"/cases/files/{answer.json()['id']}"
    assert b"".join(signed_in("officer").get(address).streaming_content) == b"text"
    assert signed_in("head_a").get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.png", b"<script>alert(1)</script>"),
        ("program.exe", b"MZ\x90\x00"),
    ],
)
def test_what_is_empty_or_not_what_it_says_is_refused_with_a_reason(
    signed_in: Browser, name: str, content: bytes
) -> None:
    answer = _send(signed_in("officer"), "/cases/upload", name, content)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert not Attachment.objects.exists()


def test_a_huge_file_is_refused_with_its_size(signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xunzhi.web.cases.files.LARGEST", 1000)
    answer = _send(signed_in("officer"), "/cases/upload", "big.txt", b"x" * 2000)
    assert answer.status_code == 422
    assert "MB" in answer.json()["error"]
