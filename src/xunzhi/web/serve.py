"""`xunzhi serve`: the site, its workers and its clock as one process group that lives and dies together.

The supervisor starts each part as a child, starts it again when it dies, and ends all when it is told to end. A child
dies with the supervisor even if that is killed outright.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import FrameType

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

log = logging.getLogger("xunzhi.serve")

GRACE = 15.0
"""Seconds that children have to end in peace."""

STEADY = 60.0
"""A child that lived for so many seconds is started again at once when it dies; others wait ever longer."""

LONGEST_WAIT = 30.0

THREADS = 4
"""Requests that one site process answers at the same time."""


@dataclass
class Child:
    """A part of the site that is kept running."""

    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    restarts: int = 0
    not_before: float = field(default=0.0)

    def start(self) -> None:
        """Run the part as a process of its own, in this process group."""
        self.begun = time.monotonic()
        me = str(os.getpid())
        self.process = subprocess.Popen([sys.executable, "-m", "xunzhi.web.serve", me, *self.arguments])  # noqa: S603

    def tend(self) -> None:
        """Start the part again if it died."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        steady = now - self.begun > STEADY
        self.restarts = 1 if steady else self.restarts + 1
        wait = min(LONGEST_WAIT, 2.0 ** (self.restarts - 1) - 1)
        log.error("%s (pid %s) ended with code %s; it starts again in %.0f s", self.name, self.process.pid, code, wait)
        self.process, self.not_before = None, now + wait


def prepare() -> None:
    """Bring the database up to date, what was decided into force, and gather the static files."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    import_module("xunzhi.web.governance.publishing").settle()
    _gather_static()


def _gather_static() -> None:
    """Collect and compress the static files, which takes a while, unless they are those of the last time."""
    found = [
        (path, storage.size(path), str(storage.get_modified_time(path)))
        for finder in get_finders()
        for path, storage in finder.list([])
    ]
    state = sha256(repr(sorted(found)).encode()).hexdigest()
    stamp = Path(settings.STATIC_ROOT) / "stamp"
    if stamp.is_file() and stamp.read_text() == state:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(state)


def serve(bind: str, port: int, site_processes: int, workers: int, ready: Callable[[], None]) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP; `ready` is called once the site answers.

    Raises:
        ValueError: if the port is taken.
    """
    _free(bind, port)
    prepare()
    children = [
        Child("site", ("site", bind, str(port), str(site_processes))),
        Child("clock", ("clock",)),
        *(Child(f"worker {number}", ("worker",)) for number in range(1, workers + 1)),
    ]
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    waiting = True
    try:
        while not stopping:
            for child in children:
                child.tend()
            if waiting and answers(bind, port):
                waiting = False
                ready()
            time.sleep(0.3)
    finally:
        _end(children)


def _free(bind: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise ValueError(
                f"无法监听 {bind}:{port}（{error.strerror}），请用 --port 换一个端口 / "
                f"can't listen on {bind}:{port} ({error.strerror}); choose another one with --port"
            ) from error


def answers(bind: str, port: int) -> bool:
    """Whether the site answers on its port (a refusal of the host name is an answer)."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, bind)  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _end(children: list[Child]) -> None:
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def die_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(0)


def run_site(bind: str, port: int, processes: int) -> None:
    """Answer requests."""
    os.environ["XUNZHI_SITE"] = str(os.getpid())
    granian = import_module("granian")
    interface = import_module("granian.constants").Interfaces.WSGI
    granian.Granian(
        "xunzhi.web.wsgi:application",
        address=bind,
        port=port,
        interface=interface,
        workers=processes,
        blocking_threads=THREADS,
        backlog=1024,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
        websockets=False,
        log_level=import_module("granian.log").LogLevels.warning,
    ).serve()


def main(parent: str, part: str, *arguments: str) -> None:
    """Be one of the children."""
    die_with(int(parent))
    if part == "site":
        bind, port, processes = arguments
        run_site(bind, int(port), int(processes))
        return
    django.setup()
    import_module(f"xunzhi.web.jobs.{part}").main()


if __name__ == "__main__":
    main(*sys.argv[1:])
