"""Signed marks of how far the audit log had come, kept in a file beside the database.

Whoever can write to the database could shorten the chain at its end, or write a whole new one. `audit/anchors` in the
home folder tells: it holds a line for each thousand of entries, and a last line that follows the newest entry at
every commit. A line is the number, hash and time of an entry, signed (HMAC-SHA-256) together with the signature of the
line before by `audit/key`, which only the owner of the installation can read. Copy the file to another machine now and
then, and not even the owner can rewrite history unseen.

Lines have a fixed width that divides a block of the disk: overwriting the last one is never half done.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xunzhi.web.configuration import home

WIDTH = 256
EVERY = 1000
"""Entries for which one line is kept for good."""

MODE = 0o600


class AnchorError(Exception):
    """A line of the file was not written, or not in this place, by this installation."""


@dataclass(frozen=True)
class Anchor:
    """A line: at time `at` the log ended with entry `number`, whose hash was `hash`."""

    number: int
    hash: str
    at: str
    mac: str

    def line(self) -> bytes:
        """As it stands in the file."""
        return f"{self.number} {self.hash} {self.at} {self.mac}".ljust(WIDTH - 1).encode() + b"\n"


NONE = Anchor(0, "", "", "")


def file() -> Path:
    """Where the lines stand."""
    return home() / "audit" / "anchors"


def keep(number: int, hash_: str) -> None:
    """Sign that entry `number` is in the log. Call it after its commit; calls may come out of order."""
    key = _key()
    descriptor = os.open(file(), os.O_RDWR | os.O_CREAT, MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        count = os.fstat(descriptor).st_size // WIDTH
        before, last = (_line(descriptor, at) if at >= 0 else NONE for at in (count - 2, count - 1))
        if number <= last.number:
            return
        replaces = count and last.number // EVERY == number // EVERY
        at, previous = (count - 1, before) if replaces else (count, last)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        anchor = Anchor(number, hash_, now, _sign(key, number, hash_, now, previous.mac))
        os.pwrite(descriptor, anchor.line(), at * WIDTH)
    finally:
        os.close(descriptor)


def read() -> Iterator[Anchor]:
    """The lines in their order.

    Raises:
        AnchorError: at the first line whose signature is wrong.
    """
    if not file().is_file():
        return
    key, previous = _key(), NONE
    content = file().read_bytes()
    for start in range(0, len(content), WIDTH):
        where = f"{file()}:{start // WIDTH + 1}"
        try:
            anchor = _parse(content[start : start + WIDTH])
        except ValueError as error:
            raise AnchorError(where) from error
        right = _sign(key, anchor.number, anchor.hash, anchor.at, previous.mac)
        if not hmac.compare_digest(right, anchor.mac):
            raise AnchorError(where)
        yield anchor
        previous = anchor


def _line(descriptor: int, at: int) -> Anchor:
    return _parse(os.pread(descriptor, WIDTH, at * WIDTH))


def _parse(line: bytes) -> Anchor:
    number, hash_, at, mac = line.decode("ascii").split()
    return Anchor(int(number), hash_, at, mac)


def _sign(key: bytes, number: int, hash_: str, at: str, previous: str) -> str:
    return hmac.new(key, f"{number} {hash_} {at} {previous}".encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    """The key that signs; made once."""
    where = file().with_name("key")
    try:
        return where.read_bytes()
    except FileNotFoundError:
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = where.with_name(f"key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "wb") as out:
        out.write(secrets.token_bytes(32))
    try:
        os.link(draft, where)  # whoever comes first makes the key; all read the same
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return where.read_bytes()
