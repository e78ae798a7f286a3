"""My work, search, the inbox, and what administrators keep in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook

from xunzhi.web.audit.services import record
from xunzhi.web.permissions import Access
from xunzhi.web.work import finding, waiting
from xunzhi.web.work.calendar import is_working_day
from xunzhi.web.work.delivery import plan
from xunzhi.web.work.items import Hit, WorkItem
from xunzhi.web.work.models import CalendarDay, Delivery, Notification, Preference
from xunzhi.web.work.services import tell
from xunzhi.web.work.waiting import SHORT, urgency

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)  # Wednesday, 10:00 in the hospital


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def item(key: str, days: float | None, kind: str = "整改通知", whose: str = "mine", unit: str = "") -> WorkItem:
    due = None if days is None else NOW + timedelta(days=days)
    return WorkItem(key, f"题目 {key}", f"/cases/{key}", "填写措施", kind, due, unit=unit, whose=whose)  # type: ignore[arg-type]


@pytest.fixture
def offering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a room offer work."""

    def offer(*items: WorkItem) -> None:
        def waits(access: Access) -> list[WorkItem]:
            return list(items)

        monkeypatch.setattr(waiting, "offered", lambda module, function: (waits, waits))

    return offer


@pytest.mark.parametrize(
    ("days", "group"),
    [(-0.001, "overdue"), (0.5, "today"), (0.59, "week"), (4.5, "week"), (4.59, "later"), (None, "open")],
)
def test_how_urgent_something_is(days, group) -> None:
    assert urgency(None if days is None else NOW + timedelta(days=days), NOW) == group


def test_what_is_overdue_comes_first_and_everything_once(offering, signed_in) -> None:
    offering(item("later", 20), item("open", None), item("late", -2), item("today", 0.2), item("week", 2))
    page = signed_in("head_a").get("/")
    groups = [(name, [i.key for i in items]) for name, _label, items, _all in page.context["desk"].groups]
    assert groups == [
        ("overdue", ["late"]), ("today", ["today"]), ("week", ["week"]), ("later", ["later"]), ("open", ["open"]),
    ]  # fmt: skip
    text = page.content.decode()
    assert "1 overdue" in text
    assert "2 days overdue" in text
    assert "today 14:48" in text


def test_it_is_filtered_by_whose_kind_unit_and_words(offering, signed_in) -> None:
    offering(
        item("a", 1), item("b", 1, "不良事件"), item("c", 1, whose="unit", unit="心内科"),
        item("d", 1, whose="followed"),
    )  # fmt: skip
    client = signed_in("head_a")

    def keys(query: str) -> list[str]:
        return [i.key for i in client.get(f"/?{query}").context["desk"].shown]

    assert keys("") == ["a", "b"]
    assert keys("kind=不良事件") == ["b"]
    assert keys("whose=unit&unit=心内科") == ["c"]
    assert keys("whose=followed") == ["d"]
    assert keys("q=题目 a") == ["a"]
    assert keys("q=nothing") == []
    assert keys("whose=nonsense") == ["a", "b"]


def test_of_many_the_first_are_shown_and_the_others_on_demand(offering, signed_in) -> None:
    offering(*(item(f"late {number}", -number) for number in range(1, 21)), item("today", 0.2))
    client = signed_in("head_a")
    few = client.get("/").content.decode()
    assert few.count("work-item") == SHORT + 1
    assert "Show all 20" in few
    assert "late 20" in few, "what is due first is shown first"
    all_late = client.get("/?urgency=overdue").content.decode()
    assert all_late.count("work-item") == 20
    assert "Show all" not in all_late


def test_it_can_be_taken_away_as_a_workbook(offering, signed_in) -> None:
    offering(item("a", 1), item("b", 1, whose="unit"))
    content = signed_in("head_a").get("/?format=xlsx").content
    rows = list(load_workbook(BytesIO(content)).active.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["题目 a"]


def test_who_has_nothing_to_do_is_told_so(offering, signed_in) -> None:
    offering()
    page = signed_in("doctor_b").get("/").content.decode()
    assert "Nothing waits for you" in page
    assert '<a class="btn btn-primary" href="/departments">' in page


def test_deadlines_in_unannounced_years_are_flagged(offering, signed_in) -> None:
    offering(item("a", 400))
    assert "not announced yet" in signed_in("head_a").get("/").content.decode()


@pytest.mark.parametrize(
    "name", ["president", "officer", "head_a", "nurse_a", "doctor_b", "system_admin", "audit_admin"]
)
def test_everyone_lands_here_with_few_queries(name, signed_in, django_assert_max_num_queries) -> None:
    client = signed_in(name)
    with django_assert_max_num_queries(40):
        assert client.get("/").status_code == 200


def test_search_shows_what_rooms_find_by_kind(signed_in, monkeypatch) -> None:
    def found(access: Access, text: str) -> Iterator[Hit]:
        yield from (Hit(f"{text} {n}", f"/{n}", "Cases" if n < 3 else "Indicators") for n in range(100))

    monkeypatch.setattr(finding, "offered", lambda module, function: (found,))
    page = signed_in("head_a").get("/search?q=跌倒")
    assert {kind: len(hits) for kind, hits in page.context["groups"].items()} == {"Cases": 3, "Indicators": 17}
    assert "What are you looking for" in signed_in("head_a").get("/search").content.decode()


def told(*users: object, key: str = "k", link: str = "/notifications", text: str = "第一行\n第二行") -> Notification:
    tell(users, text, text, link, key, "task")
    return Notification.objects.get(key=key, person=users[0].person)  # type: ignore[attr-defined]


def test_opening_a_notification_leads_to_the_thing_and_marks_it_read(people, signed_in) -> None:
    one = told(people.head_a)
    client = signed_in("head_a")
    assert ">1<" in client.get("/notifications/unread").content.decode()
    response = client.get(f"/notifications/{one.pk}")
    assert response["Location"] == "/notifications"
    assert client.get("/notifications/unread").content.decode().strip() == ""


def test_a_notification_never_leads_to_another_site(people, signed_in) -> None:
    one = told(people.head_a, link="//evil.example/")
    assert signed_in("head_a").get(f"/notifications/{one.pk}")["Location"] == "/notifications"


def test_notifications_are_marked_read_and_unread_one_by_one_or_all(people, signed_in) -> None:
    one = told(people.head_a, key="1")
    told(people.head_a, key="2")
    other = told(people.head_b, key="1")
    client = signed_in("head_a")
    client.post("/notifications/read", {"pk": one.pk})
    assert client.get("/notifications?unread=1").context["page"].paginator.count == 1
    client.post("/notifications/read", {"pk": one.pk, "unread": "1"})
    assert client.get("/notifications?unread=1").context["page"].paginator.count == 2
    client.post("/notifications/read")
    assert client.get("/notifications").context["unread"] == 0
    other.refresh_from_db()
    assert other.read_at is None


def test_nobody_reads_or_marks_the_notifications_of_others(people, signed_in) -> None:
    one = told(people.head_a)
    client = signed_in("head_b")
    assert client.get(f"/notifications/{one.pk}").status_code == 404
    assert client.post("/notifications/read", {"pk": one.pk}).status_code == 404
    assert client.get("/notifications").context["page"].paginator.count == 0


def test_a_person_chooses_how_to_be_told(people, signed_in) -> None:
    client = signed_in("head_a")
    assert client.get("/notifications/preferences").context["form"].initial["channels"] == ["mail"]
    said = {
        "channels": ["mail"],
        "digest": "weekly",
        "digest_at": "08:15",
        "quiet_from": "22:00",
        "quiet_until": "06:00",
    }
    assert client.post("/notifications/preferences", said).status_code == 302
    chosen = Preference.objects.get(person=people.head_a.person)
    assert (chosen.channels, chosen.at_once, chosen.digest, chosen.quiet_from.hour) == (["mail"], False, "weekly", 22)
    page = client.post("/notifications/preferences", {**said, "quiet_until": ""})
    assert "Give both times" in page.content.decode()
    assert client.post("/notifications/preferences", {**said, "channels": ["pigeon"]}).status_code == 200


def test_failed_deliveries_are_listed_and_tried_again_without_their_texts(people, signed_in) -> None:
    told(people.head_a, text="秘密")
    plan(NOW)
    Delivery.objects.update(state="failed", tries=7, error="mailbox full")
    client = signed_in("system_admin")
    text = client.get("/deliveries").content.decode()
    assert "mailbox full" in text
    assert "秘密" not in text
    assert client.post(f"/deliveries/{Delivery.objects.get().pk}/again").status_code == 302
    assert Delivery.objects.get().state == "waiting"


def test_a_hospital_says_where_it_differs_from_the_national_calendar(people, signed_in) -> None:
    client = signed_in("system_admin")
    said = {"institution": "H1", "day": "2026-10-08", "working": "", "reason": "院庆"}
    national = is_working_day(datetime(2026, 10, 8).date(), "H2")
    assert client.post("/calendar", {**said, "working": "" if national else "on"}).status_code == 302
    assert is_working_day(datetime(2026, 10, 8).date(), "H1") is not national
    assert client.post("/calendar", said).status_code == 200, "the day is there already"
    assert client.get("/calendar").status_code == 200
    client.post(f"/calendar/{CalendarDay.objects.get().pk}/remove")
    assert is_working_day(datetime(2026, 10, 8).date(), "H1") is national


@pytest.mark.parametrize("address", ["/", "/search?q=a", "/notifications", "/notifications/preferences", "/deliveries"])
def test_who_is_not_signed_in_is_sent_to_the_login(address, client) -> None:
    assert client.get(address)["Location"].startswith(reverse("accounts:login"))


@pytest.mark.parametrize("name", ["officer_h2", "head_a", "doctor_b", "security_admin", "audit_admin"])
def test_upkeep_is_for_administrators(people, signed_in, name) -> None:
    told(people.head_a)
    plan(NOW)
    client = signed_in(name)
    assert client.get("/calendar").status_code == 403
    assert client.post("/calendar/1/remove").status_code == 403
    if name == "officer_h2":  # may run jobs, of another hospital
        assert client.get("/deliveries?state=all").context["page"].paginator.count == 0
        assert client.post(f"/deliveries/{Delivery.objects.get().pk}/again").status_code == 404
    else:
        assert client.get("/deliveries").status_code == 403


def test_lists_need_no_more_queries_when_they_grow(people, signed_in, django_assert_max_num_queries) -> None:
    client = signed_in("head_a")
    for size in (2, 40):
        for number in range(size):
            told(people.head_a, key=f"{size} {number}")
        plan(NOW)
        record(None, "test", "page")
        with django_assert_max_num_queries(16):
            client.get("/notifications")
        admin = signed_in("system_admin")
        with django_assert_max_num_queries(16):
            admin.get("/deliveries?state=all")
