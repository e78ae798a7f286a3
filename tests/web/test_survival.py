"""A site that is killed under load loses nothing that it acknowledged, and its audit log stays whole.

`xunzhi serve` with all its processes is killed outright (SIGKILL to the process group) while people file cases, comment
and attach files over HTTP, and is started again: once here, ten times by `script/bench survival`.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.postgresql import own_database
from tests.web.survivor import PASSWORD
from tests.web.test_serve import Running

KILLS = int(os.environ.get("XUNZHI_KILLS", "1"))
EACH = 3
"""So many of each kind are acknowledged between two kills, at least."""

FORM = "application/x-www-form-urlencoded"
HERE = Path(__file__).resolve().parents[2]


class Writer(threading.Thread, ABC):
    """Someone who is signed in and writes as fast as the site answers; remembers what it acknowledged."""

    def __init__(self, port: int, department: int):
        super().__init__(daemon=True)
        self.port, self.department = port, department
        self.cookies: dict[str, str] = {}
        self.over = threading.Event()
        self.acknowledged: dict[str, str] = {}
        self.refused: list[str] = []

    def ask(self, method: str, path: str, body: bytes = b"", media: str = FORM) -> tuple[int, str, bytes]:
        """Status, address and content of a whole answer.

        Raises:
            OSError, http.client.HTTPException: if there is none, or a part of one.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies, "X-CSRFToken": self.cookies.get("csrftoken", ""), "Content-Type": media}
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return answer.status, answer.getheader("Location") or "", answer.read()
        finally:
            connection.close()

    def sign_in(self) -> None:
        self.ask("GET", "/sign-in")
        sent = urlencode({"username": "officer", "password": PASSWORD, "next": "/"}).encode()
        status, _, page = self.ask("POST", "/sign-in", sent)
        assert status == 302, page.decode()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.write()
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)  # the site was killed: it is coming back

    @abstractmethod
    def write(self) -> None:
        """Write one thing, and remember it if it was acknowledged."""

    def refuse(self, *answer: object) -> None:
        self.refused.append(" ".join(str(part)[:1500] for part in (type(self).__name__, *answer)))
        self.over.set()


class Filer(Writer):
    """Files cases."""

    def write(self) -> None:
        title = f"问题 {uuid.uuid4().hex}"
        fields = {
            "subject": title, "problem": "现场查看", "severity": "serious", "found_time": "2026-11-20T09:30",
            "source": "inspection", "department": self.department, "deadline": "2026-12-04",
        }  # fmt: skip
        status, location, page = self.ask("POST", "/cases/finding/new", urlencode(fields).encode())
        found = re.search(r"/cases/(\d+)", location)
        if status == 302 and found:
            self.acknowledged[title] = found[1]
        else:
            self.refuse(status, location, page.decode(errors="replace"))


class About(Writer):
    """Writes to the newest case that was acknowledged."""

    def __init__(self, filer: Filer):
        super().__init__(filer.port, filer.department)
        self.filer, self.cookies = filer, dict(filer.cookies)

    def write(self) -> None:
        cases = list(self.filer.acknowledged.values())
        if cases:
            self.write_to(cases[-1])
        else:
            time.sleep(0.05)

    @abstractmethod
    def write_to(self, case: str) -> None:
        """Write to a case."""


class Commenter(About):
    """Comments."""

    def write_to(self, case: str) -> None:
        text = f"意见 {uuid.uuid4().hex}"
        status, location, _ = self.ask("POST", f"/cases/{case}/comment", urlencode({"text": text}).encode())
        if status == 302 and location.endswith("#comment"):
            self.acknowledged[text] = case
        else:
            self.refuse(status, location)


class Attacher(About):
    """Attaches files."""

    def write_to(self, case: str) -> None:
        content = f"证据 {uuid.uuid4().hex}\n".encode() * 300
        border = uuid.uuid4().hex
        head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="e.txt"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{border}--\r\n".encode()
        status, _, answer = self.ask("POST", f"/cases/{case}/attach", body, f"multipart/form-data; boundary={border}")
        if status == 200:
            self.acknowledged[json.loads(answer)["id"]] = hashlib.sha256(content).hexdigest()
        else:
            self.refuse(status, answer.decode(errors="replace"))


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An installation of its own, with a database of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("XUNZHI", "DATABASE"))}
    clean |= {"XUNZHI_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "xunzhi.web.settings"}
    with own_database() as database:
        yield clean | ({"DATABASE_URL": database} if database else {})


def within(environment: dict[str, str], *command: str) -> str:
    """What a Python program prints in the installation."""
    ended = subprocess.run(
        [sys.executable, *command], env=environment, cwd=HERE, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def wait_for_more(writers: list[Writer], before: list[int]) -> None:
    """Until the site has acknowledged some more of everything, and then to some moment within a write."""
    until = time.monotonic() + 120
    while min(len(one.acknowledged) - count for one, count in zip(writers, before, strict=True)) < EACH:
        assert not (told := [line for one in writers for line in one.refused]), told[0]
        assert time.monotonic() < until, before
        time.sleep(0.02)
    time.sleep(random.random() / 5)


def kill(site: Running) -> None:
    """End all processes of a site at once, without a word."""
    os.killpg(site.process.pid, signal.SIGKILL)
    site.process.wait()
    site.out.close()


def test_kills_under_load_lose_nothing_that_was_acknowledged(environment: dict[str, str]) -> None:
    department = json.loads(within(environment, "-m", "tests.web.survivor", "make"))
    home, database = Path(environment["XUNZHI_HOME"]), environment.get("DATABASE_URL")
    site, writers = Running(home, database), list[Writer]()
    try:
        site.wait()
        filer = Filer(site.port, department)
        filer.sign_in()
        writers += [filer, Commenter(filer), Attacher(filer)]
        for writer in writers:
            writer.start()
        for _ in range(KILLS):
            wait_for_more(writers, [len(one.acknowledged) for one in writers])
            kill(site)
            site = Running(home, database, site.port)
            site.wait()
        wait_for_more(writers, [len(one.acknowledged) for one in writers])
    finally:
        for writer in writers:
            writer.over.set()
        kill(site)
    for writer in writers:
        writer.join()
    check([one.acknowledged for one in writers], json.loads(within(environment, "-m", "tests.web.survivor", "found")))
    main = "from xunzhi.cli import main; main()"
    assert "完整" in within(environment, "-c", main, "--home", str(home), "audit", "verify")


def check(acknowledged: list[dict[str, str]], found: dict[str, Any]) -> None:
    """All that was acknowledged is there, and nothing is there that the audit log does not know."""
    cases, comments, files = acknowledged
    assert cases.keys() <= set(found["cases"])
    assert comments.keys() <= set(found["comments"])
    assert files.items() <= found["files"].items()
    assert found["done"] == [len(found["cases"]), len(found["comments"]), len(found["files"])]
