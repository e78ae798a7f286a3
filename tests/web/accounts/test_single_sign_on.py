"""Single sign-on with a provider over HTTP that really signs its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from tests.web.accounts.conftest import Configured
from tests.web.accounts.provider import CLIENT, SECRET, Provider
from xunzhi.web.accounts import oidc
from xunzhi.web.accounts.models import SecondFactor, Session
from xunzhi.web.accounts.secret_texts import seal
from xunzhi.web.accounts.totp import fresh_secret
from xunzhi.web.org.models import Person


@pytest.fixture
def provider(configured: Configured) -> Iterator[Provider]:
    with Provider() as running:
        setting(configured, running)
        yield running


def setting(configured: Configured, provider: Provider, **changes: Any) -> None:
    said = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, **changes}
    configured(site={"url": "http://testserver", "hosts": ["testserver"]}, oidc=said)


def depart(browser: Client) -> str:
    """To the provider and back: the address to which the provider sends the browser."""
    answer = browser.get("/sign-in/single?next=/account")
    assert answer.status_code == 302
    back = requests.get(answer.headers["Location"], allow_redirects=False, timeout=5)
    return back.headers["Location"].removeprefix("http://testserver")


def arrive(browser: Client, address: str) -> str:
    """Follow to where it ends; the name of who is signed in, or what the page complains about."""
    answer = browser.get(address, follow=True)
    if answer.wsgi_request.user.is_authenticated:
        return answer.wsgi_request.user.username
    return " ".join(str(message) for message in answer.context["messages"])


def test_who_the_provider_vouches_for_is_in_with_the_roles_he_has_here(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    back = browser.get(depart(browser))
    assert back.headers["Location"] == "/account"
    assert arrive(browser, "/account") == "head_a"
    assert Session.objects.filter(user=people.head_a).count() == 1
    assert provider.refusals == []


def test_the_sign_in_page_offers_it(provider: Provider, browser: Client, people: SimpleNamespace) -> None:
    assert "Single sign-on" in browser.get("/sign-in").content.decode()


def test_a_code_works_once_and_in_the_browser_that_began_only(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    address = depart(browser)
    assert "not begun here" in arrive(Client(headers={"accept-language": "en"}), address)
    assert arrive(browser, address) == "head_a"
    browser.post("/sign-out")
    assert "not begun here" in arrive(browser, address)


def test_a_foreign_code_is_not_taken(provider: Provider, browser: Client, people: SimpleNamespace) -> None:
    """A code that an attacker got for himself, sent to a victim's browser with the victim's state: PKCE and nonce."""
    foreign = depart(Client())
    own = depart(browser)
    code = foreign.partition("code=")[2].partition("&")[0]
    mixed = own.replace(own.partition("code=")[2].partition("&")[0], code)
    assert "answer" in arrive(browser, mixed)
    assert provider.refusals == ["pkce"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another-client"},
        {"iss": "https://another.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
    ],
    ids=str,
)
def test_tokens_for_others_old_ones_and_incomplete_ones_are_refused(
    wrong: dict[str, Any], provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    provider.spoil = wrong
    assert "trusted" in arrive(browser, depart(browser))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_tokens_without_a_signature_of_the_provider_are_refused(
    algorithm: str, provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    provider.algorithm = algorithm
    assert "trusted" in arrive(browser, depart(browser))


def test_a_token_signed_with_another_key_is_refused(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    address = depart(browser)
    published = provider.keys()
    provider.keys = lambda: published  # type: ignore[method-assign]
    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "trusted" in arrive(browser, address)


def test_new_keys_of_the_provider_are_asked_for(provider: Provider, browser: Client, people: SimpleNamespace) -> None:
    assert arrive(browser, depart(browser)) == "head_a"
    browser.post("/sign-out")
    provider.key, provider.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "second"
    assert arrive(browser, depart(browser)) == "head_a"


def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    provider.calls_itself = "https://another.example"
    assert "trusted" in arrive(browser, "/sign-in/single")


def test_a_provider_that_is_down_leaves_the_password(
    provider: Provider, browser: Client, people: SimpleNamespace, configured: Configured
) -> None:
    setting(configured, provider, issuer="http://127.0.0.1:1")
    assert "Use your password" in arrive(browser, "/sign-in/single")


def test_who_has_no_account_stays_outside_and_never_gets_roles(
    provider: Provider, browser: Client, people: SimpleNamespace, units: SimpleNamespace, configured: Configured
) -> None:
    Person.objects.create(institution="H1", code="S900", name="new", unit=units.ward)
    provider.person["employee_number"] = "S900"
    assert "no account" in arrive(browser, depart(browser))
    setting(configured, provider, create=True)
    assert arrive(browser, depart(browser)) == "S900"
    assert browser.get("/accounts/").status_code == 403
    provider.person["employee_number"] = "S901"
    browser.post("/sign-out")
    assert "no account" in arrive(browser, depart(browser))


def test_the_staff_number_may_stand_in_the_user_info_of_the_same_person(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    del provider.person["employee_number"]
    provider.more = {"sub": "another", "employee_number": "S006"}
    assert "no account" in arrive(browser, depart(browser))
    provider.more = {"sub": "42", "employee_number": "S006"}
    assert arrive(browser, depart(browser)) == "head_a"


@pytest.mark.parametrize(("verified", "who"), [(True, "head_a"), (False, None), (None, None), ("true", None)])
def test_a_mail_address_counts_only_if_the_provider_verified_it(
    verified: object, who: str | None, provider: Provider, browser: Client, people: SimpleNamespace, configured: Any
) -> None:
    setting(configured, provider, code_claim="")
    provider.person = {"sub": "42", "email": "HEAD_A@example.org", "email_verified": verified}
    said = arrive(browser, depart(browser))
    assert said == who if who else "no account" in said


def test_two_people_with_one_mail_address_are_nobody(
    provider: Provider, browser: Client, people: SimpleNamespace, configured: Configured
) -> None:
    setting(configured, provider, code_claim="")
    Person.objects.filter(code="S007").update(email="head_a@example.org")
    provider.person = {"sub": "42", "email": "head_a@example.org", "email_verified": True}
    assert "no account" in arrive(browser, depart(browser))


@pytest.mark.parametrize("trusted", [False, True])
def test_the_second_factor_is_asked_for_unless_the_provider_asks_itself(
    trusted: bool, provider: Provider, browser: Client, people: SimpleNamespace, configured: Configured
) -> None:
    setting(configured, provider, second_factor=trusted)
    SecondFactor.objects.create(user=people.head_a, sealed=seal(fresh_secret()))
    answer = browser.get(depart(browser))
    assert answer.headers["Location"].startswith("/account" if trusted else "/sign-in/code")


def test_what_is_known_of_the_provider_is_asked_for_again_after_an_hour(
    provider: Provider, browser: Client, people: SimpleNamespace
) -> None:
    assert arrive(browser, depart(browser)) == "head_a"
    provider.calls_itself = "https://another.example"
    browser.post("/sign-out")
    assert arrive(browser, depart(browser)) == "head_a"
    browser.post("/sign-out")
    for address, (kept, document) in oidc._documents.items():
        oidc._documents[address] = (kept - oidc.CACHE_SECONDS - 1, document)
    assert "trusted" in arrive(browser, "/sign-in/single")


def test_without_settings_there_is_none(browser: Client, db: None) -> None:
    assert browser.get("/sign-in/single").headers["Location"] == "/sign-in"
    assert browser.get("/sign-in/single/return?code=1&state=2").headers["Location"] == "/sign-in"
