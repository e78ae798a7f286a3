"""Lists, boards, bulk actions and exports: what is asked for, only what one may see, in few queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from xunzhi.web.accounts.identity import purposes
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.models import Case, SavedView

Browser = Callable[[str], Client]
Filed = Callable[..., Case]


@pytest.fixture
def three(finding: Filed, units: SimpleNamespace) -> list[Case]:
    return [
        finding(subject="手卫生依从性低", severity="serious"),
        finding("issue", subject="病历书写超时", severity="general", deadline="2020-01-06"),
        finding("issue", "acknowledge", subject="危急值漏报", severity="general", department=units.surgery.pk),
    ]


def _titles(client: Client, query: str) -> set[str]:
    page = client.get(f"/cases/finding?{query}").content.decode()
    return {case.title for case in Case.objects.all() if f"{case.title}</a>" in page}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"手卫生依从性低", "病历书写超时", "危急值漏报"}),
        ("q=卫生依从", {"手卫生依从性低"}),
        ("state=issued", {"病历书写超时"}),
        ("due=overdue", {"病历书写超时"}),
        ("f.severity=general", {"病历书写超时", "危急值漏报"}),
        ("f.severity=general&state=planning", {"危急值漏报"}),
        ("opened_from=2999-01-01", set()),
        ("mine=opened", {"手卫生依从性低", "病历书写超时", "危急值漏报"}),
        ("assignee=me", set()),
        ("sort=-due_at&page=999&state=nonsense&due=nonsense&unit=x", {"手卫生依从性低", "病历书写超时", "危急值漏报"}),
    ],
)
def test_filters_find_what_they_say(signed_in: Browser, three: list[Case], query: str, expected: set[str]) -> None:
    assert _titles(signed_in("officer"), query) == expected


def test_a_department_sees_its_own(signed_in: Browser, three: list[Case]) -> None:
    assert _titles(signed_in("head_b"), "state=all") == {"危急值漏报"}
    assert _titles(signed_in("officer_h2"), "state=all") == set()


@pytest.mark.parametrize("address", ["/cases/finding", "/cases/finding/board"])
def test_what_people_typed_stays_text(signed_in: Browser, finding: Filed, units: SimpleNamespace, address: str) -> None:
    units.cardiology.name = "<i>心内</i>"
    units.cardiology.save()
    finding(subject='<script>alert("1")</script>\'')
    page = signed_in("officer").get(address).content.decode()
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#x27;" in page
    assert "<script>alert" not in page
    assert "<i>" not in page


def test_pages_of_a_list_follow_each_other_and_count(signed_in: Browser, finding: Filed) -> None:
    last = finding("issue", subject="第51个")
    Case.objects.bulk_create(
        Case(**{**_columns(last), "number": f"N{number:02}", "opened_at": last.opened_at + timedelta(minutes=number)})
        for number in range(1, 51)
    )
    browser = signed_in("officer")
    first, second = (browser.get(f"/cases/finding?page={page}").content.decode() for page in (1, 2))
    assert "1–50 of 51" in first
    assert first.index("N50") < first.index("N49") < first.index("N01")
    assert "51–51 of 51" in second
    assert "N01" not in second
    board = browser.get("/cases/finding/board").content.decode()
    assert "26 more" in board


def _columns(case: Case) -> dict[str, Any]:
    return {
        field.attname: getattr(case, field.attname) for field in Case._meta.concrete_fields if not field.primary_key
    }


@pytest.mark.parametrize("address", ["/cases/finding", "/cases/finding/board", "/cases"])
def test_more_cases_need_no_more_queries(
    signed_in: Browser, finding: Filed, address: str, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in("officer")
    finding("issue")
    with django_assert_max_num_queries(25) as few:
        browser.get(address)
    for number in range(6):
        finding("issue", subject=f"问题{number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        browser.get(address)


def test_a_longer_history_needs_no_more_queries(
    signed_in: Browser, finding: Filed, django_assert_max_num_queries: Any
) -> None:
    browser, case = signed_in("officer"), finding("issue")
    browser.post(f"/cases/{case.pk}/comment", {"text": "一 @head_a"})
    with django_assert_max_num_queries(60) as few:
        browser.get(f"/cases/{case.pk}")
    most = len(few.captured_queries)
    for number in range(5):
        browser.post(f"/cases/{case.pk}/comment", {"text": f"{number} @head_a"})
    with django_assert_max_num_queries(most):
        browser.get(f"/cases/{case.pk}")


def test_bulk_steps_are_taken_one_by_one_and_failures_are_named(signed_in: Browser, three: list[Case]) -> None:
    ticked = [f"{case.pk}:{case.version}" for case in three]
    answer = signed_in("officer").post("/cases/finding/bulk", {"case": ticked, "do": "move:issue"})
    page = answer.content.decode()
    assert "2 not done" in page
    three[0].refresh_from_db()
    assert three[0].state == "issued"


def test_bulk_does_not_touch_what_changed_since(signed_in: Browser, three: list[Case]) -> None:
    ticked = [f"{three[0].pk}:{three[0].version - 1}"]
    page = signed_in("officer").post("/cases/finding/bulk", {"case": ticked, "do": "move:issue"}).content.decode()
    assert "1 not done" in page


def test_following_many(signed_in: Browser, three: list[Case], people: SimpleNamespace) -> None:
    ticked = [f"{case.pk}:{case.version}" for case in three]
    signed_in("officer").post("/cases/finding/bulk", {"case": ticked, "do": "follow"})
    assert people.officer.person.followed_cases.count() == 3


def test_an_export_holds_the_list_as_texts_and_is_recorded(signed_in: Browser, finding: Filed) -> None:
    finding(subject='=HYPERLINK("http://x")', patient={"patient_id": "P0042", "name": "欧阳明"})
    purpose = next(iter(purposes()))
    answer = signed_in("officer").post("/cases/finding/export", {"purpose": purpose, "query": ""})
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    assert not any("欧阳明" in str(cell.value) for cell in cells)
    assert Entry.objects.get(action="export").detail


def test_an_export_needs_a_purpose(signed_in: Browser, three: list[Case]) -> None:
    answer = signed_in("officer").post("/cases/finding/export", {"query": ""})
    assert answer.status_code == 302
    assert not Entry.objects.filter(action="export").exists()


def test_a_view_can_be_saved_shared_and_dropped(signed_in: Browser, three: list[Case]) -> None:
    browser = signed_in("officer")
    browser.post("/cases/finding/views", {"name": "逾期", "query": "due=overdue&page=2", "for": "all"})
    view = SavedView.objects.get()
    assert view.query == "due=overdue"
    assert "逾期" in signed_in("head_a").get("/cases/finding").content.decode()
    assert signed_in("head_a").post(f"/cases/finding/views/{view.pk}/delete").status_code == 404
    browser.post(f"/cases/finding/views/{view.pk}/delete")
    assert not SavedView.objects.exists()


def test_a_view_for_a_unit_is_seen_there_and_below_and_nowhere_else(
    signed_in: Browser, three: list[Case], units: SimpleNamespace
) -> None:
    sent = {"name": "科内待办", "query": "due=week", "for": units.cardiology.pk}
    assert signed_in("head_a").post("/cases/finding/views", sent).status_code == 302
    for name, sees in {"head_a": True, "doctor_a": True, "nurse_a": True, "head_b": False, "officer": False}.items():
        assert ("科内待办" in signed_in(name).get("/cases/finding").content.decode()) is sees, name
    foreign = {**sent, "name": "别科", "for": units.surgery.pk}
    assert signed_in("head_a").post("/cases/finding/views", foreign).status_code == 404
    assert SavedView.objects.count() == 1
