"""Who gets in with a password, who is locked out, and how sessions end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from tests.web.accounts.conftest import Configured, SignIn
from xunzhi.web.accounts import attempts
from xunzhi.web.accounts.models import Attempts, Session, User
from xunzhi.web.audit.models import Entry


def said(answer: Any) -> str:
    return answer.content.decode()


def acts(account: str) -> list[str]:
    return list(Entry.objects.filter(thing=f"account {account}").order_by("number").values_list("action", flat=True))


def test_the_right_password_opens_the_page_that_was_wanted(
    sign_in: SignIn, browser: Client, people: SimpleNamespace
) -> None:
    asked = browser.get("/account")
    assert asked.headers["Location"] == "/sign-in?next=/account"
    answer = browser.post("/sign-in", {"username": "officer", "password": "wrong", "next": "/account"})
    assert "Account or password is wrong" in said(answer)
    answer = sign_in("officer")
    assert answer.status_code == 302
    assert "officer" in said(browser.get("/account"))
    assert acts("officer") == ["sign_in.fail", "sign_in"]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(elsewhere: str, browser: Client, people: SimpleNamespace) -> None:
    answer = browser.post("/sign-in", {"username": "officer", "password": "Circle-of-quality-26", "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_session_that_was_known_before_is_not_used_after(sign_in: SignIn, browser: Client) -> None:
    planted = browser.session
    planted["x"] = 1
    planted.save()
    before = planted.session_key
    sign_in("officer")
    assert browser.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_the_session_says_who_since_when_and_from_where(sign_in: SignIn, people: SimpleNamespace) -> None:
    sign_in("officer", REMOTE_ADDR="10.1.2.3")
    session = people.officer.sessions.get()
    assert session.address == "10.1.2.3"
    assert session.agent == "Firefox"
    assert session.since == session.seen


def test_an_account_is_locked_and_says_so_and_the_administrator_unlocks_it(
    sign_in: SignIn, people: SimpleNamespace, signed_in: Any
) -> None:
    for _number in range(5):
        assert sign_in("officer", "wrong").status_code == 200
    answer = sign_in("officer")
    assert answer.status_code == 429
    assert "Locked after too many failures. Try again in 15 minutes" in said(answer)
    assert "account.lock" in acts("officer")
    page = signed_in("security_admin").get(f"/accounts/{people.officer.pk}")
    assert "Locked" in said(page)
    signed_in("security_admin").post(f"/accounts/{people.officer.pk}/unlock")
    assert sign_in("officer").status_code == 302


def test_the_lock_ends_by_itself_and_then_all_attempts_are_there_again(
    sign_in: SignIn, people: SimpleNamespace
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _number in range(5):
            sign_in("officer", "wrong")
        clock.shift(timedelta(minutes=15))
        for _number in range(4):
            assert sign_in("officer", "wrong").status_code == 200
        assert sign_in("officer").status_code == 302


def test_names_without_an_account_are_locked_alike(sign_in: SignIn) -> None:
    for _number in range(5):
        assert "wrong" in said(sign_in("nobody", "x"))
    assert sign_in("NOBODY ", "x").status_code == 429


def test_an_address_waits_ever_longer_whatever_accounts_it_tries(
    people: SimpleNamespace, configured: Configured
) -> None:
    configured(accounts={"address_failures": 3})
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(18):
            try:
                attempts.claim(f"someone{number}", "10.0.0.9")
            except attempts.Blocked as blocked:
                waits.append((blocked.what, blocked.seconds))
                clock.shift(timedelta(seconds=blocked.seconds))
        attempts.claim("someone", "10.0.0.10")
        clock.shift(timedelta(hours=2))
        attempts.claim("someone else", "10.0.0.9")
        attempts.claim("another", "10.0.0.9")
    assert waits == [("address", seconds) for seconds in (1, 2, 4, 8, 16, 32, 60, 60)]


def test_one_good_account_does_not_clear_the_failures_of_its_address(
    sign_in: SignIn, configured: Configured, people: SimpleNamespace
) -> None:
    configured(accounts={"address_failures": 3})
    for name in ("head_a", "head_b"):
        sign_in(name, "wrong")
    sign_in("officer", client=Client())
    assert Attempts.objects.get(key="address:127.0.0.1").failures == 2


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_are_answered_no_more_often_than_allowed(people: SimpleNamespace) -> None:
    def guess(_number: int) -> bool:
        try:
            attempts.claim("officer", "10.0.0.9")
        except attempts.Blocked:
            return False
        finally:
            connections["default"].close()
        return True

    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("a database in memory belongs to one thread")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(40))) == 5


def test_idle_sessions_end_and_polling_does_not_keep_them_awake(sign_in: SignIn, browser: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in("officer")
        clock.shift(timedelta(minutes=29))
        assert browser.get("/account").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert browser.get("/account", headers={"X-Background": "1"}).status_code == 200
        clock.shift(timedelta(minutes=2))
        polled = browser.get("/account", headers={"X-Background": "1", "HX-Request": "true"})
        assert (polled.status_code, polled.headers["HX-Refresh"]) == (204, "true")
        assert "signed out after 30 minutes" in said(browser.get("/account", follow=True))
    assert acts("officer") == ["sign_in", "sign_out.idle"]


def test_a_session_notes_its_use_once_a_minute_at_most(sign_in: SignIn, browser: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in("officer")
        first = Session.objects.get().seen
        clock.shift(timedelta(seconds=50))
        browser.get("/account")
        assert Session.objects.get().seen == first
        clock.shift(timedelta(seconds=20))
        browser.get("/account")
        assert Session.objects.get().seen == first + timedelta(seconds=70)


def test_one_sees_and_ends_ones_other_sessions(sign_in: SignIn, people: SimpleNamespace, browser: Client) -> None:
    other = Client()
    sign_in("officer")
    sign_in("officer", client=other)
    sign_in("head_a", client=(stranger := Client()))
    page = said(browser.get("/account"))
    assert all(session.session_key not in page for session in Session.objects.all())
    mark = people.head_a.sessions.get().mark
    browser.post("/account/sessions/end", {"session": mark})
    assert stranger.get("/account").status_code == 200
    browser.post("/account/sessions/end")
    assert other.get("/account").status_code == 302
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize("change", ["disabled", "left"])
def test_who_is_disabled_or_has_left_is_out_at_once(
    change: str, sign_in: SignIn, browser: Client, people: SimpleNamespace
) -> None:
    sign_in("officer")
    if change == "disabled":
        User.objects.filter(pk=people.officer.pk).update(is_active=False)
    else:
        people.officer.person.until = timezone.localdate() - timedelta(days=1)
        people.officer.person.save()
    assert browser.get("/account").status_code == 302
    assert sign_in("officer").status_code == 200


def test_signing_out_is_recorded_and_final(sign_in: SignIn, browser: Client) -> None:
    sign_in("officer")
    key = browser.session.session_key
    browser.post("/sign-out")
    assert not Session.objects.filter(pk=key).exists()
    assert acts("officer") == ["sign_in", "sign_out"]


def test_the_page_speaks_both_languages(people: SimpleNamespace) -> None:
    assert "登录" in said(Client(headers={"accept-language": "zh-CN"}).get("/sign-in"))
    assert "Sign in" in said(Client(headers={"accept-language": "en"}).get("/sign-in"))


def test_demo_accounts_are_listed_in_the_demo_only(
    people: SimpleNamespace, configured: Configured, browser: Client
) -> None:
    assert "data-fill" not in said(browser.get("/sign-in"))
    configured(site={"demo": True})
    page = said(browser.get("/sign-in"))
    assert 'data-fill="head_a"' in page
    assert "Answers for the quality of the department" in page
    people.head_a.grants.update(given_by=people.officer)  # the page tells a password that such an account hasn't
    assert 'data-fill="head_a"' not in said(browser.get("/sign-in"))


def test_the_address_behind_a_known_proxy_is_believed_and_no_other(
    sign_in: SignIn, configured: Configured, people: SimpleNamespace
) -> None:
    configured(site={"proxies": ["10.0.0.1"]})
    forged = {"X-Forwarded-For": "1.1.1.1, 192.168.7.7"}
    sign_in("officer", REMOTE_ADDR="10.0.0.1", headers=forged)
    assert people.officer.sessions.get().address == "192.168.7.7"
    sign_in("head_a", REMOTE_ADDR="10.0.0.2", headers=forged, client=Client())
    assert people.head_a.sessions.get().address == "10.0.0.2"
