"""The second factor: codes of RFC 6238, each accepted once; recovery codes; roles that need it."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.web.accounts.conftest import Configured, SignIn
from xunzhi.web.accounts import second_factor, totp
from xunzhi.web.accounts.models import RecoveryCode, SecondFactor
from xunzhi.web.accounts.secret_texts import code, plain, unseal

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOON = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_examples_of_rfc_6238(seconds: int, digits: str) -> None:
    """Appendix B, SHA-1; the RFC shows eight digits, of which six are the last ones."""
    assert totp.code_at(RFC_SECRET, seconds // 30) == digits
    assert totp.step_of(RFC_SECRET, digits, seconds) == seconds // 30


@given(st.integers(0, 2**33), st.integers(-3, 3))
def test_codes_of_one_step_before_and_after_are_taken(seconds: int, off: int) -> None:
    step = max(seconds // 30 + off, 0)
    taken = totp.step_of(RFC_SECRET, totp.code_at(RFC_SECRET, step), seconds)
    if abs(step - seconds // 30) <= 1:
        assert taken is not None


@given(st.text(max_size=8))
def test_other_texts_are_no_codes(typed: str) -> None:
    near = {totp.code_at(RFC_SECRET, step) for step in range(3)}
    assert (totp.step_of(RFC_SECRET, typed, 30) is not None) == ("".join(typed.split()) in near)


@given(st.data())
def test_recovery_codes_may_be_typed_without_hyphens_in_small_letters(data: st.DataObject) -> None:
    made = code()
    assert plain(made) == made
    assert plain(f" {made.replace('-', data.draw(st.sampled_from(['', ' ', '-', '–'])))}".lower()) == made


def set_up(browser: Client) -> tuple[str, list[str]]:
    page = browser.get("/account/second-factor").content.decode()
    assert "<svg" in page
    secret = browser.session["new_second_factor"]
    assert "not the code of now" in browser.post("/account/second-factor", {"code": "000000"}).content.decode()
    now = totp.code_at(secret, int(datetime.now(UTC).timestamp()) // 30)
    answer = browser.post("/account/second-factor", {"code": now})
    codes = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", answer.content.decode())
    return secret, codes


def now_code(secret: str) -> str:
    return totp.code_at(secret, int(datetime.now(UTC).timestamp()) // 30)


def test_from_setting_up_to_signing_in(sign_in: SignIn, browser: Client, people: SimpleNamespace) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in("officer")
        secret, codes = set_up(browser)
        assert len(codes) == second_factor.RECOVERY_CODES
        factor = SecondFactor.objects.get()
        assert secret not in factor.sealed
        assert unseal(factor.sealed) == secret
        assert not RecoveryCode.objects.filter(digest__in=codes).exists()
        browser.post("/sign-out")

        assert sign_in("officer").headers["Location"].startswith("/sign-in/code")
        assert browser.get("/account").status_code == 302, "half in is not in"
        used = browser.post("/sign-in/code", {"code": now_code(secret)})
        assert "used already" in used.content.decode(), "the code with which it was set up is used up"
        clock.shift(timedelta(seconds=30))
        assert browser.post("/sign-in/code", {"code": now_code(secret), "next": "/account"}).status_code == 302
        assert browser.get("/account").status_code == 200

        other = Client(headers={"accept-language": "en"})
        sign_in("officer", client=other)
        assert "used already" in other.post("/sign-in/code", {"code": now_code(secret)}).content.decode()
        assert other.post("/sign-in/code", {"code": codes[0].lower()}).status_code == 302
        assert second_factor.codes_left(people.officer) == 9
        assert not second_factor.verify(people.officer, codes[0])


def test_wrong_codes_are_counted_like_wrong_passwords(sign_in: SignIn, browser: Client, people: Any) -> None:
    sign_in("officer")
    set_up(browser)
    browser.post("/sign-out")
    sign_in("officer")
    statuses = [browser.post("/sign-in/code", {"code": "000000"}).status_code for _number in range(6)]
    assert statuses == [200] * 5 + [429]


def test_who_waits_too_long_begins_again(sign_in: SignIn, browser: Client, people: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in("officer")
        set_up(browser)
        browser.post("/sign-out")
        sign_in("officer")
        clock.shift(timedelta(minutes=6))
        assert browser.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_roles_that_need_it_go_nowhere_without(
    sign_in: SignIn, browser: Client, people: Any, configured: Configured
) -> None:
    configured(accounts={"second_factor": ["security_admin"]})
    sign_in("security_admin")
    assert browser.get("/accounts/").headers["Location"] == "/account/second-factor"
    set_up(browser)
    assert browser.get("/accounts/").status_code == 200
    sign_in("officer", client=(other := Client()))
    assert other.get("/account").status_code == 200


def test_changing_it_takes_a_code(sign_in: SignIn, browser: Client, people: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in("officer")
        secret, codes = set_up(browser)
        browser.post("/account/second-factor/change", {"what": "remove", "code": "000000"})
        assert second_factor.has_one(people.officer)
        clock.shift(timedelta(seconds=60))
        renewed = browser.post("/account/second-factor/change", {"what": "codes", "code": now_code(secret)})
        assert codes[0] not in renewed.content.decode()
        assert not second_factor.verify(people.officer, codes[1])
        clock.shift(timedelta(seconds=60))
        browser.post("/account/second-factor/change", {"what": "remove", "code": now_code(secret)})
        assert not second_factor.has_one(people.officer)


def test_the_administrator_removes_it_when_the_phone_is_lost(sign_in: SignIn, browser: Client, people: Any) -> None:
    sign_in("officer")
    set_up(browser)
    admin = Client(headers={"accept-language": "en"})
    sign_in("security_admin", client=admin)
    admin.post(f"/accounts/{people.officer.pk}/reset", {"reason": "phone lost; seen in person", "lost_phone": "on"})
    assert not second_factor.has_one(people.officer)
    assert browser.get("/account").status_code == 302
