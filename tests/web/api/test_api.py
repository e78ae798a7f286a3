"""Programs read and do through the API what their account may, within the scopes of their token, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.web.api.conftest import Ask
from xunzhi.web.accounts.models import ApiToken
from xunzhi.web.accounts.tokens import SCOPES
from xunzhi.web.api.docs import operations
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import open_case
from xunzhi.web.signals.models import Signal

pytestmark = pytest.mark.django_db
READS = [
    ("/api/organisation/units", "organisation:read"),
    ("/api/organisation/people", "organisation:read"),
    ("/api/indicators", "results:read"),
    ("/api/results?indicator=mortality&institution=H1", "results:read"),
    ("/api/signals", "signals:read"),
    ("/api/cases", "cases:read"),
    ("/api/cases/types", "cases:read"),
]


@pytest.fixture
def values(units) -> dict[str, object]:
    """What is filled in for a finding."""
    return {
        "subject": "抢救车药品近效期未更换", "problem": "肾上腺素两支已过有效期。", "severity": "serious",
        "found_time": "2026-11-20T09:30", "source": "inspection", "department": units.cardiology.pk,
        "deadline": "2026-12-04",
    }  # fmt: skip


@pytest.fixture
def case(people, values) -> Case:
    """A finding of cardiology."""
    return open_case("finding", values, people.officer)


@pytest.fixture
def signal(units) -> Signal:
    """Something moved in cardiology."""
    return Signal.objects.create(
        cause="falls", institution="H1", unit=units.cardiology, indicator="fall_rate", stratum="department",
        code="0301", owner="nursing", kind="concern", first_month="2026-09", last_month="2026-10", rules=["shift"],
        value=3.2, centre=1.1, q=0.001, provisional=False,
    )  # fmt: skip


@pytest.mark.parametrize(("address", "scope"), READS)
def test_without_a_valid_token_nothing_is_told(address, scope, client, asking, people) -> None:
    for response in (client.get(address), client.get(address, headers={"authorization": "Bearer xz_guess"})):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"
        assert response["Content-Type"] == "application/problem+json"
    ask = asking("officer")
    ApiToken.objects.update(expires=timezone.now() - timedelta(days=1))
    assert ask("get", address).status_code == 401


@pytest.mark.parametrize(("address", "scope"), READS)
def test_a_session_is_no_token(address, scope, signed_in) -> None:
    assert signed_in("officer").get(address).status_code == 401


@pytest.mark.parametrize(("address", "scope"), READS)
def test_a_token_does_only_what_it_was_made_for(address, scope, asking) -> None:
    others = {"organisation:read", "results:read", "signals:read", "cases:read", "cases:write"} - {scope}
    response = asking("officer", others)("get", address)
    assert response.status_code == 403
    assert scope in response.json()["detail"]


def test_errors_speak_the_language_of_the_one_who_asks(asking, people) -> None:
    assert asking("officer", language="zh-hans")("get", "/api/cases/1").json()["detail"].startswith("没有")
    people.head_a.language = "en"
    people.head_a.save()
    assert asking("head_a", language="zh-hans")("get", "/api/cases/1").json()["detail"].startswith("There is no")


def test_units_and_people_are_those_of_the_callers_institution(asking) -> None:
    ours = asking("officer")("get", "/api/organisation/units").json()
    assert {unit["institution"] for unit in ours["items"]} == {"H1"}
    assert [unit["code"] for unit in asking("officer_h2")("get", "/api/organisation/units").json()["items"]] == ["H2"]
    wards = asking("officer")("get", "/api/organisation/units?kind=ward").json()
    assert [unit["name"] for unit in wards["items"]] == ["心内一病区"]
    people = asking("officer")("get", "/api/organisation/people?size=3&page=2").json()
    assert (len(people["items"]), people["page"]) == (3, 2)
    assert all("email" not in person for person in people["items"])


def test_people_of_a_unit_are_those_below_it(asking, units) -> None:
    ask = asking("officer")
    found = ask("get", f"/api/organisation/people?unit={units.cardiology.pk}").json()["items"]
    assert {person["name"] for person in found} == {"head_a", "nurse_a", "doctor_a"}
    assert ask("get", f"/api/organisation/people?unit={units.other.pk}").status_code == 404


def test_indicators_say_what_numbers_mean(asking) -> None:
    found = asking("doctor_a")("get", "/api/indicators?size=2").json()
    assert (len(found["items"]), found["items"][0]["label"].keys()) == (2, {"zh", "en"})


def test_results_are_for_those_who_may_see_the_unit(asking) -> None:
    indicator = asking("officer")("get", "/api/indicators?size=1").json()["items"][0]["id"]
    address = f"/api/results?indicator={indicator}&institution=H1"
    assert asking("officer")("get", address).json()["results"] == []
    assert asking("officer_h2")("get", address).status_code == 403
    one = f"{address}&stratum=department&unit=0301"
    assert asking("head_a")("get", one).status_code == 200
    assert asking("head_b")("get", one).status_code == 404
    assert asking("officer")("get", f"{address}&stratum=nonsense").status_code == 404


def test_signals_are_read_and_handled_within_reach(asking, signal) -> None:
    ask = asking("officer")
    assert [row["id"] for row in ask("get", "/api/signals?state=new").json()["items"]] == [signal.pk]
    address = f"/api/signals/{signal.pk}"
    for name in ("officer_h2", "head_b"):
        assert asking(name)("get", address).status_code == 404
    assert asking("head_a")("post", f"{address}/acknowledge", {"version": 1}).status_code == 403
    readonly = asking("officer", ["signals:read"])
    assert readonly("post", f"{address}/acknowledge", {"version": 1}).status_code == 403
    assert ask("post", f"{address}/acknowledge", {"version": 1}).json()["state"] == "acknowledged"
    late = ask("post", f"{address}/explain", {"version": 1, "text": "季节"})
    assert late.status_code == 409
    assert ask("post", f"{address}/explain", {"version": 2, "text": "季节"}).json()["state"] == "explained"


def test_a_case_is_opened_moved_and_commented(asking, values) -> None:
    ask = asking("officer")
    made = ask("post", "/api/cases", {"type": "finding", "values": values})
    assert made.status_code == 201, made.content
    case = made.json()
    assert case["values"]["subject"] == values["subject"]
    assert "issue" in case["steps"]
    address = f"/api/cases/{case['id']}"
    moved = ask("post", f"{address}/move", {"step": "issue", "version": case["version"]})
    assert moved.status_code == 200, moved.content
    assert moved.json()["state"] != case["state"]
    again = ask("post", f"{address}/move", {"step": "issue", "version": case["version"]})
    assert again.status_code == 409
    assert ask("post", f"{address}/comments", {"text": "请尽快"}).status_code == 200
    by = Entry.objects.order_by("-number").values_list("name", "action")[:3]
    assert list(by) == [("officer", "case.comment"), ("officer", "case.move"), ("officer", "case.open")]


def test_wrong_values_are_named_by_field(asking, values) -> None:
    said = asking("officer")("post", "/api/cases", {"type": "finding", "values": {**values, "severity": "purple"}})
    assert said.status_code == 422
    assert "severity" in said.json()["errors"]
    assert asking("officer")("post", "/api/cases", {"type": "nonsense", "values": {}}).status_code == 404
    assert asking("officer")("post", "/api/cases", {"values": 7}).status_code == 422


def test_cases_are_for_those_who_may_see_them(asking, case) -> None:
    address = f"/api/cases/{case.pk}"
    for name in ("officer_h2", "head_b", "doctor_b"):
        ask = asking(name)
        assert ask("get", address).status_code == 404
        assert ask("get", "/api/cases").json()["count"] == 0
        assert ask("post", f"{address}/move", {"step": "issue", "version": 1}).status_code == 404
        assert ask("post", f"{address}/comments", {"text": "?"}).status_code == 404
    ask = asking("head_a")
    assert ask("get", address).status_code == 404  # a draft
    issued = asking("officer")("post", f"{address}/move", {"step": "issue", "version": 1}).json()
    assert ask("get", address).json()["number"] == case.number
    withdrawn = ask("post", f"{address}/move", {"step": "withdraw", "version": issued["version"], "comment": "?"})
    assert withdrawn.status_code == 403
    readonly = asking("officer", ["cases:read"])
    assert readonly("post", f"{address}/comments", {"text": "?"}).status_code == 403


def test_an_address_that_is_not_there_is_a_problem_too(asking) -> None:
    response = asking("officer")("get", "/api/nonsense")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("query", ["on=0", "on=yesterday", "kinds=ward", "kind=moon", "size=0", "page=x"])
def test_what_cannot_be_read_is_refused_not_ignored(query, asking) -> None:
    response = asking("officer")("get", f"/api/organisation/units?{query}")
    assert response.status_code == 422
    assert query.split("=")[0] in response.json()["detail"]


def test_cases_are_found_by_type_stage_unit_and_text(asking, case, units) -> None:
    ask = asking("officer")

    def count(query: str) -> int:
        return ask("get", f"/api/cases?{query}").json()["count"]

    assert count(f"type=finding&stage={case.stage}&unit={units.cardiology.pk}&text=抢救车") == 1
    assert count("text=没有的字") == 0
    assert count("type=project") == 0
    assert count("opened_since=2099-01-01T00:00:00Z") == 0
    assert count("opened_since=6263-02-04T09:56:30%2B22:36") == 0  # PostgreSQL knows no such offset


@pytest.mark.parametrize(("address", "scope"), READS)
def test_lists_need_no_more_queries_when_they_grow(
    address, scope, asking, people, values, django_assert_max_num_queries
) -> None:
    ask = asking("officer")
    for _more in range(2):
        for _number in range(5):
            open_case("finding", values, people.officer)
        with django_assert_max_num_queries(16):
            ask("get", address)


def test_the_page_of_the_api_names_every_operation_in_both_languages(
    signed_in: Callable[[str], Client], people: Any
) -> None:
    addresses = list(Client().get("/api/openapi.json").json()["paths"])
    for language, word in (("en", "How to begin"), ("zh-hans", "如何开始")):
        people.doctor_b.language = language
        people.doctor_b.save()
        response = signed_in("doctor_b").get("/api/docs")
        page = response.content.decode()
        assert word in page
        assert not [address for address in addresses if f"<code>{address}</code>" not in page]
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert not re.findall(r'(?:src|href)="https?://', page)
        assert 'href="/account/tokens"' in page
    assert Client().get("/api/docs").status_code == 302
    assert 'href="/api/docs"' in signed_in("doctor_b").get("/account/tokens").content.decode()


def test_every_operation_asks_for_the_scope_that_the_page_names(asking: Callable[..., Ask]) -> None:
    schema = Client().get("/api/openapi.json").json()
    for one in operations(schema, ""):
        others = [scope for scope in SCOPES if scope != one.scope]
        body = {} if one.method == "POST" else None
        answer = asking("officer", others)(one.method.lower(), one.address.replace("{pk}", "1"), body)
        assert answer.status_code == 403, one.address
        assert one.scope in answer.json()["detail"]
