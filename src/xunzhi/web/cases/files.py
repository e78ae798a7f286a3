"""Files of cases: kept under the hash of their content, outside the web root, never run, never taken at their word."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import puremagic
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.standards.cases import CaseType
from xunzhi.standards.durable import sync
from xunzhi.web.audit.services import record
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Attachment, Case, LogEntry
from xunzhi.web.cases.schema import file_ids

LARGEST = 50 * 1024 * 1024
"""Bytes in one file."""

KEPT_WAITING = timedelta(days=7)
"""How long an upload may wait to be filed with a case."""

HEAD = 8192
"""Bytes by which the type is told."""

ALLOWED: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".mp4": "video/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}
"""What may be uploaded: ending and the type it is served with."""

_SHOWN = ("application/pdf", "image/")
"""What browsers may show in place; anything else is downloaded."""

_TEXTS = frozenset({".txt", ".csv"})
_ALIKE = {".jpeg": ".jpg", ".jfif": ".jpg"}
_CONTAINERS = {".docx": ".zip", ".xlsx": ".zip", ".pptx": ".zip", ".doc": ".ole", ".xls": ".ole", ".ppt": ".ole"}
_MAGIC = {".zip": b"PK\x03\x04", ".ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
_INSIDE = {".docx": b"word/", ".xlsx": b"xl/", ".pptx": b"ppt/"}


def upload(file: File[bytes], by: Any, form: CaseType | None = None) -> Attachment:
    """Store a file that is not part of a case yet; `form` is the case type it is meant for.

    The bytes are on the disk before this returns. Of forms with anonymous openers nothing about `by` is kept.

    Raises:
        Refused: if the file is empty, too large, or not of an allowed type.
    """
    name = safe_name(str(file.name or ""))
    if not file.size or file.size > LARGEST:
        raise Refused(
            _("%(name)s has %(size).1f MB; from 1 byte to %(most)d MB can be uploaded.")
            % {"name": name, "size": (file.size or 0) / 1e6, "most": LARGEST // 1024 // 1024}
        )
    media_type = _media_type(name, file)
    digest = _stored(file)
    user = by.user if isinstance(by, HttpRequest) else by
    keeper = None if form is not None and form.anonymous else user
    return Attachment.objects.create(name=name, media_type=media_type, size=file.size, digest=digest, by=keeper)


@transaction.atomic
def attach(case: Case, file: File[bytes], by: Any, field: str = "") -> Attachment:
    """Store a file with a case. The caller has checked that `by` may work on it.

    Raises:
        Refused: as :func:`upload`.
    """
    user = by.user if isinstance(by, HttpRequest) else by
    found = upload(file, user)
    Attachment.objects.filter(pk=found.pk).update(case=case, field=field)
    found.case, found.field = case, field
    LogEntry.objects.create(
        case=case, kind=LogEntry.Kind.ATTACHED, at=timezone.now(), by=user, version=case.version, round=case.round,
        comment=found.name,
    )  # fmt: skip
    detail = {"file": found.name, "sha256": found.digest, "bytes": found.size}
    record(by, "case.attach", f"case {case.number}", detail=detail, institution=case.institution)
    return found


def claim(case: Case, values: Mapping[str, Any], user: Any) -> None:
    """Make the files that values name part of the case.

    Raises:
        Invalid: for a file that isn't there, belongs to another case, or was uploaded by someone else.
    """
    named = file_ids(case.form, values)
    if not named:
        return
    found = Attachment.objects.in_bulk(list(named))
    errors = {}
    for attachment_id, field in named.items():
        attachment = next((one for pk, one in found.items() if str(pk) == attachment_id), None)
        if attachment is None or not _claimable(attachment, case, user):
            errors[field] = _("a file is missing; upload it again")
    if errors:
        raise Invalid(errors)
    for pk, attachment in found.items():
        if attachment.case_id is None:
            Attachment.objects.filter(pk=pk, case=None).update(case=case, field=named[str(pk)])


def _claimable(attachment: Attachment, case: Case, user: Any) -> bool:
    if attachment.case_id is not None:
        return bool(attachment.case_id == case.pk)
    return user is None or attachment.by_id in (None, user.pk)


def sweep(now: datetime | None = None) -> int:
    """Delete what was uploaded but not filed for a week, and contents that nothing names; returns how many files."""
    before = (now or timezone.now()) - KEPT_WAITING
    Attachment.objects.filter(case=None, at__lt=before).delete()
    root = Path(settings.MEDIA_ROOT)
    with _folder(root, fcntl.LOCK_EX):
        files = [*root.glob("??/*"), *root.glob(".upload-*")]
        old = [file for file in files if file.stat().st_mtime < before.timestamp()]
        named = set(Attachment.objects.filter(digest__in=[file.name for file in old]).values_list("digest", flat=True))
        unnamed = [file for file in old if file.name not in named]
        for file in unnamed:
            file.unlink()
    return len(unnamed)


def served(attachment: Attachment) -> FileResponse:
    """The file for a browser that may have it (the caller has checked): as data, under its own name."""
    inline = attachment.media_type.startswith(_SHOWN)
    response = FileResponse(
        path_of(attachment.digest).open("rb"),
        as_attachment=not inline,
        filename=attachment.name,
        content_type=attachment.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def may_fetch_waiting(attachment: Attachment, user: Any) -> bool:
    """Whether someone may fetch a file that is not part of a case: only who uploaded it."""
    return attachment.by_id is not None and attachment.by_id == user.pk


def path_of(digest: str) -> Path:
    """Where the content with a hash lies.

    Raises:
        PermissionDenied: if it isn't a hash.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise PermissionDenied
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest


def safe_name(name: str) -> str:
    """A file name without folders, control characters and signs that systems or headers trip over."""
    bare = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = "".join("_" if letter in '<>:"/|?*;%' else letter for letter in bare if letter.isprintable())
    stem, dot, ending = kept.strip(" .").rpartition(".")
    return f"{stem[:150]}{dot}{ending[:20].lower()}" if stem else (kept.strip(" .")[:150] or "file")


def _media_type(name: str, file: File[bytes]) -> str:
    """The type that the content has, if the name says the same.

    Raises:
        Refused: if it is not allowed, or is something else than its name says.
    """
    ending = PurePosixPath(name).suffix
    if ending not in ALLOWED:
        raise Refused(
            _("%(name)s can't be uploaded; allowed are: %(endings)s.") % {"name": name, "endings": " ".join(ALLOWED)}
        )
    file.seek(0)
    head = file.read(HEAD)
    if not (_is_text(head) if ending in _TEXTS else _looks_like(ending, head)):
        raise Refused(_("%(name)s is not what its ending says; save it anew in that format.") % {"name": name})
    return ALLOWED[ending]


def _looks_like(ending: str, head: bytes) -> bool:
    if ending in _CONTAINERS:
        return head.startswith(_MAGIC[_CONTAINERS[ending]]) and _INSIDE.get(ending, b"") in head
    try:
        found = {match.extension for match in puremagic.magic_string(head)}
    except puremagic.PureError:
        return False
    return _ALIKE.get(ending, ending) in {_ALIKE.get(one, one) for one in found}


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(encoding)().decode(head)  # the head may end within a character
            return True
    return False


def _stored(file: File[bytes]) -> str:
    """Write content under its hash, on the disk for sure: file, then folder. Returns the hash."""
    root = Path(settings.MEDIA_ROOT)
    with _folder(root, fcntl.LOCK_SH):
        return _store(root, file)


def _store(root: Path, file: File[bytes]) -> str:
    digest = hashlib.sha256()
    handle, draft = tempfile.mkstemp(dir=root, prefix=".upload-")
    try:
        with os.fdopen(handle, "wb") as out:
            file.seek(0)
            for chunk in file.chunks():
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        target = path_of(digest.hexdigest())
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True, mode=0o700)
            sync(root)
        Path(draft).replace(target)
        sync(target.parent)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return digest.hexdigest()


@contextlib.contextmanager
def _folder(root: Path, lock: int) -> Iterator[None]:
    """The folder of files, locked: many may add to it, only one may clear it."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, lock)
        yield
    finally:
        os.close(handle)
