"""The audit administrator reads the log in the browser; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from xunzhi.web.audit.jobs import BrokenLogError
from xunzhi.web.audit.jobs import verify as verify_job
from xunzhi.web.audit.listing import PAGE
from xunzhi.web.audit.models import Entry
from xunzhi.web.audit.services import Act, record, record_all
from xunzhi.web.jobs.models import Job
from xunzhi.web.work.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(people) -> None:
    """What three people did on two days."""
    with time_machine.travel(datetime(2026, 3, 1, 15, 59, tzinfo=UTC), tick=False) as clock:  # 23:59
        record(people.officer, "case.move", "case 12", "复核", {"to": "closed"}, "H1")
        clock.shift(60)
        record(people.officer_h2, "case.open", "case 13", institution="H2")
        record(people.head_a, "patient.identify", "patient 77", "医疗救治", institution="H1")


def things(client: Client, query: str = "") -> list[str]:
    return [entry.thing for entry in client.get(f"/audit?{query}").context["entries"]]


def test_the_log_is_shown_newest_first(log, signed_in) -> None:
    response = signed_in("audit_admin").get("/audit")
    assert [entry.thing for entry in response.context["entries"]] == ["patient 77", "case 13", "case 12"]
    assert "to: closed" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=officer", ["case 12"]),
        ("name=officer*", ["case 13", "case 12"]),
        ("action=case.*", ["case 13", "case 12"]),
        ("thing=patient 77", ["patient 77"]),
        ("thing=patient", []),
        ("institution=H2", ["case 13"]),
        ("until=2026-03-01", ["case 12"]),
        ("since=2026-03-02", ["patient 77", "case 13"]),
        ("since=2026-03-02&until=2026-03-02&action=case.open", ["case 13"]),
        ("since=2026-13-45", ["patient 77", "case 13", "case 12"]),
        ("before=2", ["case 12"]),
        ("before=nonsense", ["patient 77", "case 13", "case 12"]),
    ],
)
def test_it_is_filtered_by_person_action_thing_institution_and_time(log, signed_in, query, found) -> None:
    assert things(signed_in("audit_admin"), query) == found


def test_pages_are_turned_by_number_with_a_fixed_number_of_queries(people, signed_in, django_assert_max_num_queries):
    client = signed_in("audit_admin")
    for size in (3, 4 * PAGE):
        record_all(None, [Act("case.move", f"case {n}") for n in range(size)])
        with django_assert_max_num_queries(14):
            response = client.get("/audit")
    second = things(client, f"before={response.context['before']}")
    assert second[0] == f"case {4 * PAGE - PAGE - 1}"


def test_an_export_is_itself_recorded(log, signed_in, people) -> None:
    response = signed_in("audit_admin").get("/audit?institution=H1&format=xlsx")
    rows = list(load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))
    assert [row[6] for row in rows[1:3]] == ["patient 77", "case 12"]
    entry = Entry.objects.latest("number")
    assert (entry.name, entry.action, entry.details) == ("audit_admin", "export", {"institution": "H1"})


def test_verification_is_queued_and_says_that_the_log_is_whole(log, signed_in) -> None:
    assert signed_in("audit_admin").post("/audit/verify").status_code == 302
    assert Job.objects.filter(kind="audit.verify").count() == 1
    said: list[str] = []
    verify_job(lambda share, text="": said.append(text))
    assert "3 entries" in said[-1]
    assert "完整" in said[-1]


def test_a_broken_log_fails_the_job_and_alarms_the_audit_administrator(log, people) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET purpose = '' WHERE number = 3")
    with pytest.raises(BrokenLogError, match=r"第 3 条.*Entry 3"):
        verify_job(lambda share, text="": None)
    alarm = Notification.objects.get()
    assert (alarm.person, alarm.kind) == (people.audit_admin.person, "alarm")


@pytest.mark.parametrize("name", ["officer", "president", "head_a", "doctor_b", "system_admin", "security_admin"])
def test_others_may_not_read_it(log, signed_in, name) -> None:
    client = signed_in(name)
    assert client.get("/audit").status_code == 403
    assert client.get("/audit?format=xlsx").status_code == 403
    assert client.post("/audit/verify").status_code == 403


def test_who_is_not_signed_in_is_sent_to_the_login(log, client) -> None:
    for response in (client.get("/audit"), client.post("/audit/verify")):
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("accounts:login"))
