"""Files: kept for sure, taken for what they are, given to those who may see the case."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from xunzhi.web.cases import files
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Attachment
from xunzhi.web.cases.services import attach, edit, open_case, upload

pytestmark = pytest.mark.django_db

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde" + b"\x00" * 40
)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


def docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("现场照片.PNG", PNG, "image/png"),
        ("制度.pdf", PDF, "application/pdf"),
        ("记录.docx", docx(), files.ALLOWED[".docx"]),
        ("名单.csv", "姓名,科室\n张三,内科\n".encode("gb18030"), "text/csv; charset=utf-8"),
        ("说明.txt", "已更换".encode(), "text/plain; charset=utf-8"),
    ],
)
def test_what_people_bring_is_taken(people, name, content, media_type):
    found = upload(SimpleUploadedFile(name, content), people.officer)
    assert (found.media_type, found.size, found.digest) == (
        media_type,
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert files.path_of(found.digest).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.exe", b"MZ\x90\x00" + b"\x00" * 60),
        ("page.html", b"<script>alert(1)</script>"),
        ("drawing.svg", b"<svg onload='alert(1)'/>"),
        ("photo.png", b"MZ\x90\x00" + b"\x00" * 60),
        ("photo.png", b"<script>alert(1)</script>"),
        ("letter.pdf", PNG),
        ("table.xlsx", docx()),
        ("notes.txt", b"a\x00b"),
        ("empty.pdf", b""),
        ("noending", PDF),
    ],
)
def test_what_is_not_what_it_says_is_refused(people, folder, name, content):
    with pytest.raises(Refused):
        upload(SimpleUploadedFile(name, content), people.officer)
    assert not list(folder.rglob("*")) if folder.exists() else True


def test_what_is_too_large_is_refused(people, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(Refused, match="MB"):
        upload(SimpleUploadedFile("制度.pdf", PDF), people.officer)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\照片.JPG", "照片.jpg"),
        ('a"b;c\r\n.pdf', "a_b_c.pdf"),
        ("\u202efdp.exe.pdf", "fdp.exe.pdf"),
        ("..", "file"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert files.safe_name(name) == safe


def test_bytes_are_on_the_disk_before_the_row_is_there(people, monkeypatch):
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append("file" if os.path.isfile(f"/proc/self/fd/{handle}") else "folder")  # noqa: PTH113
        assert not Attachment.objects.exists()
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    upload(SimpleUploadedFile("制度.pdf", PDF), people.officer)
    assert synced[0] == "file"
    assert "folder" in synced[1:]


def test_a_form_takes_over_the_files_it_names(people, problem):
    file = upload(SimpleUploadedFile("现场.png", PNG), people.officer)
    case = open_case("finding", problem(evidence_files=[str(file.pk)]), people.officer)
    file.refresh_from_db()
    assert (file.case, file.field) == (case, "evidence_files")


def test_nobody_takes_the_files_of_others(people, problem, finding):
    waiting = upload(SimpleUploadedFile("现场.png", PNG), people.head_b)
    kept = attach(finding(), SimpleUploadedFile("现场.png", PNG), people.officer)
    for file in (waiting, kept):
        with pytest.raises(Invalid):
            open_case("finding", problem(evidence_files=[str(file.pk)]), people.officer)
    with pytest.raises(Invalid):
        edit(finding(), {"evidence_files": ["0" * 32]}, people.officer, 1)


def test_files_are_served_as_data(people, finding):
    shown = files.served(attach(finding(), SimpleUploadedFile("现场.png", PNG), people.officer))
    given = files.served(attach(finding(), SimpleUploadedFile("名单.txt", b"x"), people.officer))
    assert shown["Content-Disposition"].startswith("inline")
    assert given["Content-Disposition"].startswith("attachment")
    for response in (shown, given):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response["Content-Security-Policy"]
        response.close()


def test_uploads_that_no_case_took_over_go_after_a_week(people, finding, folder):
    kept = attach(finding(), SimpleUploadedFile("现场.png", PNG), people.officer)
    left = upload(SimpleUploadedFile("制度.pdf", PDF), people.officer)
    assert files.sweep() == 0
    later = timezone.now() + timedelta(days=8)
    assert files.sweep(later) == 1
    assert files.path_of(kept.digest).exists()
    assert not files.path_of(left.digest).exists()
    assert list(Attachment.objects.all()) == [kept]
