"""One running site for the walks: the hospital of `hospital.py`, founded by `xunzhi init --demo`, opened by `serve`."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e import hospital
from tests.e2e.visitor import LOCALES, SCREENS, Faults, Visitor
from tests.web.test_serve import PATIENCE, Running
from xunzhi.measures import shifted
from xunzhi.web.accounts.demo import PASSWORD

CHROMIUM = "/usr/bin/chromium"
WAIT = 30_000
"""Milliseconds for a busy machine; a quiet one needs none of them."""

PACK = ("--pack", str(hospital.PACK))
FOREIGN = ("XUNZHI", "DJANGO", "DATABASE")
"""What stands in the environment for the tests' own database, and not for the hospital that is walked through."""

PREPARED = "signals.bring_in"
"""The last of the jobs that a new site runs over its first results."""

Walk: TypeAlias = Callable[..., Visitor]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hospital with its people, not served; built once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    home = base / "walked"
    with (base / "walked.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "settings.toml").exists():
            hospital.build(home)
            command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(home), *PACK]
            environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
            subprocess.run([*command, "init", "--demo"], check=True, env=environment, stdout=subprocess.DEVNULL)
            environment |= {"XUNZHI_HOME": str(home), "XUNZHI_PACK": PACK[1]}
            environment["DJANGO_SETTINGS_MODULE"] = "xunzhi.web.settings"
            gather = "from xunzhi.web.serve import prepare; prepare()"  # static files, which take `serve` longest
            subprocess.run([sys.executable, "-c", gather], check=True, env=environment)
    return home


@pytest.fixture(scope="session")
def site(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The hospital's site, open and with its signals."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(founded, home)
    running = Running(home, options=PACK)
    try:
        running.wait()
        _await(home, PREPARED)
        yield running
    finally:
        running.stop()


def _await(home: Path, kind: str) -> None:
    until = time.monotonic() + PATIENCE
    while not database(home, "SELECT 1 FROM jobs_job WHERE kind = ? AND state = 'done'", kind):
        assert time.monotonic() < until, f"{kind} has not run"
        time.sleep(0.3)


def database(home: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask or change the database of a site that runs."""
    with sqlite3.connect(home / "xunzhi.sqlite3", timeout=30) as connection:
        return connection.execute(statement, values).fetchall()


def begin_the_work_before(month: str, site: Running, case: int) -> None:
    """Let the baseline of a case end before this month: a walk can't wait for the year that the work would take."""
    first, last = shifted(month, -12), shifted(month, -1)
    statement = "UPDATE improve_proof SET before_first = ?, before_last = ? WHERE case_id = ?"
    database(site.home, statement, first, last, case)


def named(site: Running, user: str) -> str:
    """The name of the person behind an account; nobody else has it."""
    statement = "SELECT name FROM org_person WHERE id = (SELECT person_id FROM accounts_user WHERE username = ?)"
    return str(database(site.home, statement, user)[0][0])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for a file of walks: no longer, for Django refuses its database where an event loop runs."""
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """Who has signed in already, and with which cookies."""
    return {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With XUNZHI_WALKS=one a walk has one of its languages and screens, in turn: the whole suite is long."""
    if os.environ.get("XUNZHI_WALKS") != "one":
        return
    walks: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.path.parent == Path(__file__).parent and re.search("zh-desktop|en-phone", item.name):
            walks[item.nodeid.partition("[")[0]].append(item)
    both = [found for _name, found in sorted(walks.items()) if len(found) == 2]
    left = [found[place % 2] for place, found in enumerate(both)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a walk failed, so that its pages are kept."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def walk(
    chromium: Browser, site: Running, cookies: dict[str, Any], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Walk]:
    """Visitors of the site: `walk("quality", "en", "phone")`; afterwards nothing may have gone wrong."""
    faults = Faults()
    contexts = []

    def visitor(user: str = "", language: str = "zh", screen: str = "desktop", **more: Any) -> Visitor:
        address = more.pop("address", f"http://127.0.0.1:{site.port}")
        context = chromium.new_context(
            locale=LOCALES[language], storage_state=cookies.get(user), **SCREENS[screen], **more
        )
        contexts.append(context)
        context.set_default_timeout(WAIT)
        faults.watch(context)
        found = Visitor(context.new_page(), address, language, screen, faults, user)
        if user and user not in cookies:
            sign_in(found, user)
            cookies[user] = context.storage_state()
        return found

    yield visitor
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                page.screenshot(path=tmp_path / f"failed-{number}.png", full_page=True)
        context.close()
    assert not faults.found, "\n".join(faults.found)


def sign_in(visitor: Visitor, user: str, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    visitor.go("/sign-in")
    visitor.page.fill("#sign-in [name=username]", user)
    visitor.page.fill("#sign-in [name=password]", password)
    with visitor.page.expect_navigation():  # whoever leaves earlier is not signed in
        visitor.page.click("#sign-in button")
    visitor.look()
