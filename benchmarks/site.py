"""The pages of the site over HTTP, with years behind them, from a second process that is signed in and keeps its lines.

Claims: case list with filter and page, search included, p95 under 150 ms; overview with all indicators and an
indicator's page under 300 ms; at least 100 mixed requests a second on two cores; no page above 60 KB compressed.

    script/bench site                                3 years of 1,500 beds, 100,000 cases, 2 million audit entries
    XUNZHI_BENCH_BEDS=250 script/bench site          a smaller hospital
    XUNZHI_BENCH_SITE=/folder script/bench site      keeps the hospital there for the next time (build: an hour)
    XUNZHI_BENCH_HOME=/home script/bench site        an installation with the demo that is there already

Milliseconds of CPU are those of all processes of the site for a request: what a machine busy with other work hides.
"""

from __future__ import annotations

import gzip
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks import crowd
from benchmarks.common import claim

BEDS = int(os.environ.get("XUNZHI_BENCH_BEDS", "1500"))
CASES = int(os.environ.get("XUNZHI_BENCH_CASES", "100000"))
ENTRIES = int(os.environ.get("XUNZHI_BENCH_ENTRIES", "2000000"))
MONTHS, START = 36, "2023-11"
ASKED = int(os.environ.get("XUNZHI_BENCH_ASKED", "60"))
"""How often each page is asked for."""

CLIENTS, SECONDS = 8, 15
LARGEST = 60
LOADED = re.compile(r'hx-get="([^"]+)" hx-trigger="load[,"]')
"""The address of a part that a page asks for as soon as it is there, such as the number of unread notifications."""

XUNZHI = [sys.executable, "-c", "from xunzhi.cli import main; main()"]
PASSWORD = "Quality-in-circles-2026"  # noqa: S105  of the demo


def build(folder: Path) -> Path:
    """The hospital, its facts, measures and site, through the commands that a hospital uses; its home."""
    home, data = folder / "home", folder / "data"
    if (folder / "built").exists():
        return home
    size = ["--beds", str(BEDS), "--months", str(MONTHS), "--start", START]
    for command in (
        ["synth", str(data), *size],
        ["--home", str(home), "ingest", str(data / "mapping.yaml")],
        ["--home", str(home), "measure"],
    ):
        begun = time.monotonic()
        subprocess.run([*XUNZHI, *command], check=True, stdout=subprocess.DEVNULL)
        print(f"  {command[0] if command[0] == 'synth' else command[2]}: {time.monotonic() - begun:.0f} s", flush=True)
    shutil.rmtree(data)
    begun = time.monotonic()
    crowd.build(str(home), CASES, ENTRIES)
    print(f"  demo, cases and audit log: {time.monotonic() - begun:.0f} s", flush=True)
    (folder / "built").touch()
    return home


class Site:
    """`xunzhi serve` on an installation."""

    def __init__(self, home: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        command = [*XUNZHI, "--home", str(home), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self) -> Site:
        while not self._answers():
            if self.process.poll() is not None:
                raise RuntimeError("the site ended while it started")
            time.sleep(0.5)
        return self

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def cpu(self) -> float:
        """Seconds of CPU that the processes of the site have used."""
        used = 0.0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used


@dataclass
class Answer:
    """What came back: milliseconds, bytes as they were sent, and the page."""

    took: float
    size: int
    page: str


class Browser:
    """Someone signed in, on a line that stays open."""

    def __init__(self, port: int, user: str):
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.ask("/sign-in")
        sent = {"username": user, "password": PASSWORD, "next": "/", "csrfmiddlewaretoken": self.cookies["csrftoken"]}
        self.ask("/sign-in", urlencode(sent))
        if "sessionid" not in self.cookies:
            raise RuntimeError(f"{user} can't sign in: is {port} a site of the demo?")

    def ask(self, path: str, form: str | None = None) -> Answer:
        """Get a page, or send a form.

        Raises:
            RuntimeError: if the site answers with an error.
        """
        headers = {"Accept-Encoding": "gzip", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        self.line.request("POST" if form else "GET", path, form, headers)
        answer = self.line.getresponse()
        body = answer.read()
        took = 1000 * (time.perf_counter() - begun)
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        plain = gzip.decompress(body) if answer.getheader("Content-Encoding") == "gzip" else body
        return Answer(took, len(body), plain.decode(errors="replace"))

    def open(self, path: str) -> int:
        """Open a page as browsers do: it, and at once the parts that it asks for by itself; how many requests."""
        page = self.ask(path).page
        parts = [unescape(part) for part in LOADED.findall(page)]
        for part in parts:
            self.ask(part)
        return 1 + len(parts)


@dataclass
class Kind:
    """A page of which there are many; `most` milliseconds are claimed for 95 of 100."""

    name: str
    paths: Iterator[str]
    most: float | None = None
    user: str = "quality"
    largest: int = 0
    took: list[float] = field(default_factory=list)


def kinds(browser: Browser) -> list[Kind]:
    """The pages, each in as many forms as the site shows."""

    def linked(page: str, pattern: str) -> list[str]:
        found = sorted({unescape(at) for at in re.findall(rf'href="({pattern})"', browser.ask(page).page)})
        random.Random(3).shuffle(found)  # noqa: S311  the same pages each time
        if not found:
            raise RuntimeError(f"{page} shows nothing like {pattern}")
        return found

    lists = "/cases/finding?state={}&f.severity={}&page={}"
    filtered = [
        lists.format(s, f, p) for p in (1, 3, 15) for s in ("all", "", "issued") for f in ("serious", "general")
    ]
    words = ["危急值", "输血", "抢救车", "标识不清", "液", "导管室约束带", "龘龘", "夜班 手卫生", "ZG-202501-B00077"]
    searched = [f"/cases/finding?state={state}&q={quote(word)}" for word in words for state in ("all", "")]
    numbers = [path for n in range(1, 20) for path in linked(f"/cases/finding?state=all&page={n}", r"/cases/\d+")]
    return [
        Kind("case list with filter and page", cycle(filtered), 150),
        Kind("case list searched by parts of words", cycle(searched), 150),
        Kind("search of the site", cycle([f"/search?q={quote(word)}" for word in words])),
        Kind("board", cycle(["/cases/finding/board", "/cases/finding/board?f.severity=serious"])),
        Kind("a case", cycle(numbers)),
        Kind("overview with all indicators", cycle(["/overview"]), 300),
        Kind("overview of signals", cycle(["/overview?signal=concern"])),
        Kind("an indicator", cycle(linked("/indicators", r"/indicators/\w+")), 300),
        Kind("departments", cycle(["/departments"])),
        Kind("a department", cycle(linked("/departments", r"/units/department/[^\"]+"))),
        Kind("wall", cycle(["/wall"])),
        Kind("signals", cycle(["/signals"])),
        Kind("my work", cycle(["/"])),
        Kind("my work, head of department", cycle(["/"]), user="head"),
        Kind("audit log", cycle(["/audit", "/audit?action=export", "/audit?thing=case+ZG-0012*"]), user="audit"),
    ]


def quantile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def alone(site: Site, kind: Kind, browser: Browser) -> bool:
    """Ask for a page again and again, one after the other; print what it took, and whether the claim holds."""
    for _ in range(4):
        browser.ask(next(kind.paths))  # each of the two processes has its pages warm
    before = site.cpu()
    for _ in range(ASKED):
        answer = browser.ask(next(kind.paths))
        kind.took.append(answer.took)
        kind.largest = max(kind.largest, answer.size)
    cpu = 1000 * (site.cpu() - before) / ASKED
    middle, high = quantile(kind.took, 0.5), quantile(kind.took, 0.95)
    print(f"  {kind.name}: p50 {middle:.0f} ms, p95 {high:.0f} ms, {cpu:.0f} ms of CPU, {kind.largest / 1000:.1f} KB")
    return kind.most is None or claim(f"{kind.name}, p95 ms", high, at_most=kind.most)


def together(site: Site, found: list[Kind]) -> bool:
    """Many people at once, each on a line of his own, opening all kinds of pages as browsers do."""
    done, pages, over = [0] * CLIENTS, [0] * CLIENTS, threading.Event()
    paths = {kind.name: [next(kind.paths) for _ in range(40)] for kind in found if kind.user == "quality"}

    def person(number: int, browser: Browser) -> None:
        said = random.Random(number)  # noqa: S311
        while not over.is_set():
            done[number] += browser.open(said.choice(paths[said.choice(list(paths))]))
            pages[number] += 1

    for _ in range(4):  # a morning: each process has had each of the pages once since the last computation
        early = Browser(site.port, "quality")
        for path in {path for known in paths.values() for path in known}:
            early.ask(path)
    browsers = [Browser(site.port, "quality") for _ in range(CLIENTS)]
    threads = [threading.Thread(target=person, args=pair) for pair in enumerate(browsers)]
    before, begun = site.cpu(), time.monotonic()
    _run(threads, over)
    took, cpu = time.monotonic() - begun, site.cpu() - before
    each = 1000 * cpu / sum(done)
    print(f"  mixed: {sum(done)} requests for {sum(pages)} pages in {took:.1f} s, {each:.1f} ms of CPU each")
    return claim("mixed requests a second", sum(done) / took, at_least=100)


def _run(threads: list[threading.Thread], over: threading.Event) -> None:
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    over.set()
    for thread in threads:
        thread.join()


def measure(home: Path) -> bool:
    """Print every claim; whether all hold."""
    whole = subprocess.run([*XUNZHI, "--home", str(home), "audit", "verify"], check=False).returncode == 0
    good = claim("the audit log is whole", float(whole), at_least=1)
    with Site(home) as site:
        found = kinds(Browser(site.port, "quality"))
        for kind in found:
            good &= alone(site, kind, Browser(site.port, kind.user))
        good &= claim("KB of the largest page, compressed", max(k.largest for k in found) / 1000, at_most=LARGEST)
        return together(site, found) and good


def main() -> int:
    if known := os.environ.get("XUNZHI_BENCH_HOME"):
        return 0 if measure(Path(known)) else 1
    kept = os.environ.get("XUNZHI_BENCH_SITE")
    folder = Path(kept or tempfile.mkdtemp(prefix="xunzhi-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    good = measure(build(folder))
    if not kept:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
