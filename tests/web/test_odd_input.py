"""Odd and hostile input at the doors: each gives one clear message, and nothing is lost or stored by half."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from tests.web.cases.test_race import at_once
from xunzhi.standards import StandardsError
from xunzhi.standards.yaml_source import load_yaml
from xunzhi.web.accounts.models import User
from xunzhi.web.cases import files as attachments
from xunzhi.web.cases.models import Attachment, Case, Draft
from xunzhi.web.cases.services import open_case
from xunzhi.web.jobs import data
from xunzhi.web.org import files as tables
from xunzhi.web.org.models import Import, Person

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]


@pytest.fixture
def case(people: SimpleNamespace, units: SimpleNamespace) -> Case:
    """A finding of cardiology."""
    values = {
        "subject": "抢救车药品近效期", "problem": "肾上腺素两支已过有效期。", "severity": "serious",
        "found_time": "2026-11-20T09:30", "source": "inspection", "department": units.cardiology.pk,
        "deadline": "2026-12-04",
    }  # fmt: skip
    return open_case("finding", values, people.officer)


# Files of cases


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "text", ["手卫生\n", "手卫生。\r\n", "工号,姓名\nS1,王静", "手" * 4000 + "a", "a" + "手" * 4000]
)
def test_chinese_text_is_taken_in_either_encoding_and_served_as_it_came(
    signed_in: Browser, case: Case, encoding: str, text: str
) -> None:
    officer = signed_in("officer")
    officer.post(f"/cases/{case.pk}/attach", {"file": SimpleUploadedFile("检查.txt", text.encode(encoding))})
    kept = Attachment.objects.get()
    assert b"".join(officer.get(f"/cases/files/{kept.pk}")) == text.encode(encoding)


def test_an_oversized_upload_is_refused_with_its_size_and_leaves_nothing(
    signed_in: Browser, case: Case, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 1024 * 1024)
    settings.MEDIA_ROOT = tmp_path
    large = b"%PDF-1.7 " + b"0" * 3_000_000  # goes through a temporary file
    officer = signed_in("officer")
    answer = officer.post("/cases/upload", {"file": SimpleUploadedFile("报告.pdf", large)})
    assert answer.status_code == 422
    assert "3.0 MB" in answer.json()["error"]
    page = officer.post(f"/cases/{case.pk}/attach", {"file": SimpleUploadedFile("报告.pdf", large)}, follow=True)
    assert "3.0 MB" in page.content.decode()
    assert not Attachment.objects.exists()
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@pytest.mark.parametrize(
    "name", ['<script>alert("x")</script>.txt', '"><img src=x onerror=alert(1)>.txt', "{{ 7|add:7 }}{% now %}.txt"]
)
def test_a_name_that_is_a_script_is_shown_as_a_name(signed_in: Browser, case: Case, name: str) -> None:
    officer = signed_in("officer")
    officer.post(f"/cases/{case.pk}/attach", {"file": SimpleUploadedFile(name, b"text")})
    kept = Attachment.objects.get()
    page = officer.get(f"/cases/{case.pk}").content.decode()
    assert kept.name.endswith(".txt")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    served = officer.get(f"/cases/files/{kept.pk}")
    assert served["Content-Disposition"].startswith("attachment")
    assert b"".join(served) == b"text"


# Addresses


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("officer", "/cases/task?assignee={0}&unit={0}"),
        ("officer", "/cases/task?opened_from=0001-01-01"),
        ("officer", "/cases/task?opened_to=9999-12-31"),
        ("officer", "/improve/benefits?year={0}"),
        ("system_admin", "/organisation/people?unit={0}&on=0001-01-01"),
        ("audit_admin", "/audit?before={0}&since=0001-01-01&until=9999-12-31"),
        ("security_admin", "/accounts/?unit={0}"),
        ("security_admin", "/accounts/several?unit={0}"),
    ],
)
def test_an_odd_address_is_answered(signed_in: Browser, name: str, address: str) -> None:
    browser = signed_in(name)
    for number in ("9" * 30, "9" * 5000, "²", "٢٠٢٥"):
        assert browser.get(address.format(number)).status_code == 200, number[:30]


def test_an_odd_case_is_not_ticked(signed_in: Browser) -> None:
    sent = {"case": [f"{'9' * 30}:1", "1:²", "1", f"{'9' * 5000}:1"], "do": "follow"}
    assert signed_in("officer").post("/cases/task/bulk", sent).status_code == 302


# Two tabs


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_that_save_a_draft_at_once_one_is_told(people: SimpleNamespace) -> None:
    tabs = [Client(), Client(), Client(), Client()]
    for tab in tabs:
        tab.force_login(User.objects.get(pk=people.officer.pk))
    tabs[0].get("/cases/finding/new")

    def save(seen: str) -> list[int]:
        def one(number: int) -> Any:
            return tabs[number].post("/cases/finding/draft", {"subject": f"第{number}页", "draft_version": seen})

        return [answer.status_code for answer in at_once(one, len(tabs))]  # type: ignore[attr-defined]

    assert sorted(save("")) == [200, 409, 409, 409]
    seen = Draft.objects.get().saved_at.isoformat()
    assert sorted(save(seen)) == [200, 409, 409, 409]
    assert Draft.objects.count() == 1


# Tables of the organisation


def brought(browser: Client, name: str, content: bytes) -> Any:
    """The answer to a table of people."""
    sent = {"kind": "people", "on": date(2026, 11, 1), "file": SimpleUploadedFile(name, content)}
    return browser.post("/organisation/import", sent)


def test_a_table_in_gb18030_becomes_people(signed_in: Browser, units: SimpleNamespace) -> None:
    text = "工号,姓名,机构代码,所在单位代码,邮箱\nN1,欧阳䶮,H1,0301,ouyang@example.org\n"
    admin = signed_in("system_admin")
    answer = brought(admin, "人员.csv", text.encode("gb18030"))
    admin.post(f"{answer['Location']}/apply")
    assert Person.objects.get(code="N1").name == "欧阳䶮"


def bomb(part: str, megabytes: int) -> bytes:
    """An Excel file of few bytes that unpacks to many."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as parts, parts.open(part, "w") as sheet:
        for _ in range(megabytes):
            sheet.write(b" " * 1024 * 1024)
    return packed.getvalue()


def cut(content: bytes) -> bytes:
    """An Excel file whose sheet ends in the middle."""
    packed = BytesIO()
    with ZipFile(BytesIO(content)) as whole, ZipFile(packed, "w") as parts:
        for name in whole.namelist():
            sheet = whole.read(name)
            parts.writestr(name, sheet[: len(sheet) // 2] if "sheet1" in name else sheet)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (lambda: b"0" * (10 * 1024 * 1024 + 1), "10 MB"),
        (lambda: bomb("xl/worksheets/sheet1.xml", 61), "60 MB"),
        (lambda: bomb("xl/sharedStrings.xml", 21), "20 MB"),
        (lambda: cut(tables.template("people", english=False)), "xlsx"),
        (('工号,姓名\n1,"' + "王" * 150_000).encode, "2"),
        (lambda: b"PK\x03\x04" + b"\0" * 50, "xlsx"),
        (lambda: "工号,姓名".encode("utf-16"), "GB18030"),
    ],
)
def test_a_table_that_can_not_be_read_is_one_message_and_nothing_is_kept(
    signed_in: Browser, content: Callable[[], bytes], word: str
) -> None:
    answer = brought(signed_in("system_admin"), "人员.csv", content())
    assert answer.status_code == 200
    assert word in str(answer.context["form"].errors["file"])
    assert not Import.objects.exists()


def test_a_table_does_not_carry_lines_for_mail_headers(signed_in: Browser, units: SimpleNamespace) -> None:
    text = '工号,姓名,机构代码,所在单位代码,邮箱\nN1,王静,H1,0301,"a@example.org\nBcc: all@example.org"\n'
    admin = signed_in("system_admin")
    answer = brought(admin, "人员.csv", text.encode())
    admin.post(f"{answer['Location']}/apply")
    assert not Person.objects.filter(code="N1").exists()
    assert [line["status"] for line in Import.objects.get().lines] == ["rejected"]


# Mappings


@pytest.mark.parametrize(
    ("content", "word"),
    [("机构: 循质医院\n".encode("gb18030"), "UTF-8"), (b"a: \x01\n", "YAML"), (b"", "empty"), (b"\0" * 9, "YAML")],
)
def test_a_mapping_that_is_no_text_is_one_message(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_bytes(content)
    with pytest.raises(StandardsError, match=word):
        load_yaml(file)


def test_an_upload_that_breaks_off_leaves_the_file_before_and_no_part_of_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "folder", lambda: tmp_path)
    data.keep(SimpleUploadedFile("检验.csv", "项目\n血钾\n".encode("gb18030")))
    upload = TemporaryUploadedFile("检验.csv", "text/csv", 0, "utf-8")

    def broken() -> Any:
        yield b"new"
        raise OSError("No space left on device")

    monkeypatch.setattr(upload, "chunks", broken)
    with pytest.raises(OSError, match="space"):
        data.keep(upload)
    assert [(file.name, file.read_bytes().decode("gb18030")) for file in tmp_path.iterdir()] == [
        ("检验.csv", "项目\n血钾\n")
    ]


def test_texts_of_people_are_shown_as_texts(signed_in: Browser, people: SimpleNamespace, case: Case) -> None:
    Person.objects.filter(pk=people.officer.person.pk).update(name="<script>alert(1)</script>")
    Case.objects.filter(pk=case.pk).update(title="<script>alert(2)</script>")
    officer = signed_in("officer")
    for address in ("/", "/cases/finding", f"/cases/{case.pk}", "/cases/finding/board", "/notifications"):
        assert "<script>alert" not in officer.get(address).content.decode(), address
