"""How often each page asks the database: as recorded in queries.yaml, and no more when there is more to show.

A page that needs more fails here. If that is meant, record it: RECORD=1 pytest tests/web/test_queries.py
Each page is opened by the first of those who may (pages.py of its room), on a site with few rows and with many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.web.permission_kit import EVERYONE, PUBLIC, Page, attempt, declared
from xunzhi.web.cases.models import Case, SavedView
from xunzhi.web.cases.services import attach, comment, follow, link, move, open_case
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.signals.models import Signal
from xunzhi.web.work.models import Notification
from xunzhi.web.work.services import tell

RECORDED = Path(__file__).with_name("queries.yaml")
FEW, MANY = 2, 9
FINDING = {
    "problem": "现场查看两支肾上腺素已过期", "severity": "serious", "found_time": "2026-11-20T09:30",
    "source": "inspection", "deadline": "2026-12-04",
}  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A page with what it is about."""

    page: Page
    arguments: dict[str, Any]
    address: str

    @classmethod
    def of(cls, page: Page, world: SimpleNamespace) -> Opened:
        arguments = page.arguments(world)
        return cls(page, arguments, reverse(page.name, kwargs=arguments))

    @property
    def name(self) -> str:
        """The page, and its query if that tells it from another."""
        return self.page.name

    def count(self, world: SimpleNamespace) -> int:
        """How often the page asks, once all that a process keeps is there."""
        client = self._client(world)
        sent = self.page.data(world)
        attempt(client, self.page, self.address, sent)
        with CaptureQueriesContext(connection) as asked:
            answer = attempt(client, self.page, self.address, sent)
        assert answer.status_code < 400 or answer.status_code in self.page.answers, (self.name, answer.status_code)
        return sum("SAVEPOINT" not in query["sql"] for query in asked.captured_queries)

    def _client(self, world: SimpleNamespace) -> Client:
        if self.page.may == PUBLIC:
            return Client()
        client: Client = world.signed_in("officer" if self.page.may == EVERYONE else self.page.may[0])
        return client


def grow(world: SimpleNamespace, numbers: Iterable[int]) -> None:
    """More of everything that lists show."""
    people, units = world.people, world.units
    for number in numbers:
        ward = Unit.objects.create(
            institution="H1", kind="ward", code=f"W{number}", name=f"病区{number}", parent=units.cardiology
        )
        person = Person.objects.create(institution="H1", code=f"N{number}", name="护士", unit=ward)
        Post.objects.create(person=person, unit=ward, duty=Post.Duty.HEAD_NURSE, since="2020-01-01")
        Post.objects.create(person=person, unit=units.cardiology, duty=Post.Duty.QUALITY_NURSE, since="2020-01-01")
        values = FINDING | {"subject": f"问题{number}", "department": ward.pk, "collaborators": [units.surgery.pk]}
        case = open_case("finding", values, people.officer)
        case = move(case, "issue", {}, people.officer, case.version)
        comment(case, "请 @head_a 看", people.officer)
        SavedView.objects.create(user=people.officer, type="finding", name=f"视图{number}", query="state=all")
        tell([people.officer, people.head_a], "通知", "a notice", "/", f"more {number}", Notification.Kind.TASK)
        enqueue("jobs.tidy", by=people.system_admin)
        _signal(number, units.cardiology)


def _signal(number: int, unit: Unit) -> None:
    Signal.objects.create(
        cause=f"cause {number}", unit=unit, institution="H1", indicator="ed_07_resus_mortality", stratum="department",
        code=unit.code, owner="quality_office", kind="concern", first_month="2026-09", last_month="2026-09", rules=[],
        value=9.0, centre=4.0, q=0.01, provisional=False,
    )  # fmt: skip


def enrich(world: SimpleNamespace, opened: Opened, numbers: Iterable[int]) -> None:
    """More of everything that belongs to the case that a page is about."""
    pk = opened.arguments.get("pk")
    case = Case.objects.filter(pk=pk).first() if opened.name.startswith(("cases:", "improve:")) and pk else None
    if case is None or not isinstance(pk, int):
        return
    others = list(Case.objects.exclude(pk=pk).order_by("pk"))
    for number in numbers:
        comment(case, f"{number} 请 @head_a 看", world.people.officer)
        attach(case, SimpleUploadedFile(f"{number}.txt", b"text"), world.people.officer)
        link(case, others[number], world.people.officer)
    follow(case, world.people.head_a)


@pytest.fixture
def world(people: SimpleNamespace, units: SimpleNamespace, signed_in: Callable[[str], Client]) -> SimpleNamespace:
    """What pages may use to make what they are about."""
    return SimpleNamespace(people=people, units=units, signed_in=signed_in)


def counts(world: SimpleNamespace, pages: list[Page]) -> dict[str, list[int]]:
    """Page → how often it asks on a small site, and on a larger one."""
    grow(world, range(FEW))
    opened = [Opened.of(page, world) for page in pages]
    for one in opened:
        enrich(world, one, range(FEW))
    few = [one.count(world) for one in opened]
    grow(world, range(FEW, MANY))
    for one in opened:
        enrich(world, one, range(FEW, MANY))
    many = [one.count(world) for one in opened]
    return {one.name: list(pair) for one, *pair in zip(opened, few, many, strict=True)}


def faults(found: dict[str, list[int]], recorded: dict[str, list[int]]) -> list[str]:
    """What is wrong with counts, in words."""
    told = []
    for name, (few, many) in found.items():
        if many > few:
            told.append(f"{name}: {few} queries for {FEW} rows, {many} for {MANY}: it asks for each row (N+1)")
        if name not in recorded:
            told.append(f"{name}: not recorded")
        elif few > recorded[name][0]:
            told.append(f"{name}: {few} queries, {recorded[name][0]} recorded")
    return told


@pytest.mark.parametrize("with_results", [False, True])
def test_no_page_asks_more_often_than_recorded(
    with_results: bool, world: SimpleNamespace, request: pytest.FixtureRequest
) -> None:
    if with_results:
        request.getfixturevalue("results")
    pages = {
        page.name: page
        for page in reversed(declared())
        if page.method == "get" and ("results" in page.fixtures) == with_results
    }
    found = counts(world, list(pages.values()))
    recorded = yaml.safe_load(RECORDED.read_text()) if RECORDED.is_file() else {}
    if os.environ.get("RECORD"):
        lines = [f"{name}: [{few}, {many}]\n" for name, (few, many) in sorted((recorded | found).items())]
        RECORDED.write_text("".join(lines))
        return
    assert not (told := faults(found, recorded)), "\n".join(told) + f"\n{__doc__}"
