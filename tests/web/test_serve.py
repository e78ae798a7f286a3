"""`xunzhi serve`: all parts live and die together, and what dies is started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.postgresql import own_database

PATIENCE = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A site of its own, served as a hospital does."""

    def __init__(self, home: Path, database: str | None = None, port: int = 0, options: tuple[str, ...] = ()):
        self.home = home
        self.port = port or free_port()
        self.log = home.with_suffix(".log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XUNZHI", "DATABASE"))}
        if database:
            environment["DATABASE_URL"] = database
        command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(home)]
        command += [*options, "serve", "--port", str(self.port), "--processes", "1", "--workers", "1"]
        self.out: IO[bytes] = self.log.open("wb")
        self.process = subprocess.Popen(
            command, stdout=self.out, stderr=self.out, env=environment, start_new_session=True
        )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.2)

    def group(self) -> dict[int, str]:
        """The processes of the group, and what they run."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.process.pid and "Z" not in _state(folder):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ").strip()
            except (ProcessLookupError, FileNotFoundError):
                continue
        return found

    def part(self, name: str) -> int:
        return next(pid for pid, command in self.group().items() if command.split(" ")[4:5] == [name])

    def gone(self) -> bool:
        until = time.monotonic() + 20
        while self.group() and time.monotonic() < until:
            time.sleep(0.2)
        return not self.group()

    def stop(self) -> None:
        """End all of it at once."""
        for pid in self.group():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.out.close()


def _state(folder: Path) -> str:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str | None]]:
    """A home and a database; the second start finds what the first one prepared."""
    with own_database() as database:
        yield tmp_path_factory.mktemp("served") / "home", database


@pytest.fixture
def site(installation: tuple[Path, str | None]) -> Iterator[Running]:
    running = Running(*installation)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def test_dead_parts_are_started_again_and_ctrl_c_ends_all(site: Running) -> None:
    worker, server = site.part("worker"), site.part("site")
    os.kill(worker, signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    time.sleep(1)
    site.wait()
    assert site.part("worker") != worker
    assert site.part("site") != server
    assert "worker 1 (pid" in site.log.read_text()
    os.kill(site.process.pid, signal.SIGINT)
    assert site.process.wait(20) == 0
    assert site.gone()


def test_no_part_outlives_a_supervisor_that_was_killed(site: Running) -> None:
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()
    assert site.gone()


def test_a_taken_port_is_one_clear_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(tmp_path / "home")]
        ended = subprocess.run([*command, "serve", "--port", port], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
