"""Parts of pages are kept for the next reader, but nobody is ever shown what holds no more or is not for him."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils.safestring import SafeString

from tests.web.monitor.hospital import NEWEST, encounters
from xunzhi.measures import MeasureStore, measure
from xunzhi.standards.local import TARGETS
from xunzhi.web.cases.services import open_case
from xunzhi.web.improve.models import Proof
from xunzhi.web.installation import lake
from xunzhi.web.monitor import prepare
from xunzhi.web.monitor.kept import Kept
from xunzhi.web.monitor.readmodel import current

MORTALITY = "inpatient_mortality_rate"
INDICATOR, CARDIOLOGY = f"/indicators/{MORTALITY}", "/units/department/0301"
PAGES = "/overview", CARDIOLOGY, INDICATOR
Browser = Callable[[str], Client]


def text(browser: Client, address: str) -> str:
    page = browser.get(address)
    assert page.status_code == 200
    return page.content.decode()


@pytest.fixture
def warm(signed_in: Browser, own: Path) -> Client:
    """The browser of a quality officer who has seen all pages."""
    browser = signed_in("officer")
    for address in PAGES:
        text(browser, address)
    return browser


def test_a_part_is_made_once_and_the_longest_unread_goes_first() -> None:
    made: list[str] = []

    def of(key: str) -> str:
        def make() -> SafeString:
            made.append(key)
            return SafeString(key * 1000)

        return kept.get(key, make)

    kept = Kept(most=3500)
    for key in ("a", "b", "c", "a", "d", "a", "b"):  # three fit
        assert of(key) == key * 1000
    assert made == ["a", "b", "c", "d", "b"]
    assert kept.size <= kept.most


def test_the_same_page_is_put_together_once_for_each_language(signed_in: Browser, results: Path) -> None:
    browser = signed_in("officer")
    for language, month in (("zh-hans", "2025年2月"), ("en", "February 2025")):
        browser.cookies["django_language"] = language
        for address in PAGES:
            assert f"selected>{month}</option>" in text(browser, address)
        size = current().kept.size
        for address in PAGES:
            text(browser, address)
        assert current().kept.size == size


def test_each_reader_sees_what_is_for_him(signed_in: Browser, results: Path) -> None:
    officer, head, member = signed_in("officer"), signed_in("head_a"), signed_in("member")
    beside = f"{INDICATOR}?stratum=department&unit=0301"
    for address in ("/departments", beside):
        assert "普通外科" in text(officer, address)
        assert "普通外科" not in text(head, address)
    assert f"{INDICATOR}/cases" in text(officer, INDICATOR)
    assert f"{INDICATOR}/cases" not in text(member, INDICATOR)


def test_what_changes_shows_at_once_on_pages_seen_before(
    warm: Client, own: Path, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    MeasureStore(own).fail(1, ValueError("the disk is full"))
    for address in PAGES:
        assert "The last computation failed" in text(warm, address)
    number = _work_on_mortality(people, units)
    assert f"{number} begins" in text(warm, INDICATOR)
    said = f'indicator: {MORTALITY}, value: 0.37, from: "2020-01", author: a, reason: b, decided: 2025-03-01'
    (own / TARGETS).write_text(f"- {{{said}}}\n", encoding="utf-8")
    for address in PAGES:
        assert "≤ 0.37" in text(warm, address)


def _work_on_mortality(people: SimpleNamespace, units: SimpleNamespace) -> str:
    """The number of a project whose effect is to be seen on the mortality of the hospital."""
    values = {
        "subject": "急救流程", "method": "pdca", "department": units.cardiology.pk, "reason": "死亡率上升",
        "leader": people.head_a.person.pk, "begins": "2025-01-05", "ends": "2025-06-30",
    }  # fmt: skip
    case = open_case("project", values, people.head_a)
    months = {"before_first": "2024-01", "before_last": "2024-12"}
    Proof.objects.create(case=case, indicator=MORTALITY, institution="H1", stratum="hospital", **months)
    return case.number


def test_new_results_show_at_once(warm: Client, own: Path) -> None:
    assert "15 / 45" in text(warm, CARDIOLOGY)
    came, left = datetime.fromisoformat(f"{NEWEST}-05"), datetime.fromisoformat(f"{NEWEST}-11")
    died = ("H1", "E-new", "P-new", "one more", came, left, "0301", "0301W1", "S008", 6, "5")
    with lake().write("correction") as transaction:
        transaction.upsert("encounter", encounters([died]))
    measure(lake(), own)
    prepare.prepare(lake(), own)
    page = text(warm, CARDIOLOGY)
    assert "16 / 46" in page
    assert "15 / 45" not in page
