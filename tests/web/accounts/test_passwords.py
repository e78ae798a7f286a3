"""Which passwords are taken, changing them, and one-time links."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone, translation

from tests.web.accounts.conftest import Configured, SignIn
from tests.web.conftest import PASSWORD
from xunzhi.web.accounts import passwords
from xunzhi.web.accounts.models import Invitation, User
from xunzhi.web.audit.models import Entry

GOOD = "Plan-do-check-act-7"


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Ab3$efg", "At least 10 characters."),
        ("alllowercaseletters", "At least 3"),
        ("Password123", "too common"),
        ("xx-Head_A-2026", "Not your name"),
        ("xx-A_daeh-2026", "Not your name"),
        ("Xy-s006-2026-zz", "Not your name"),
        (PASSWORD, "None of your last 5"),
    ],
)
def test_passwords_that_are_not_taken(password: str, complaint: str, people: SimpleNamespace) -> None:
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        passwords.change(people.head_a, password, people.head_a)
    assert any(complaint in text for text in refused.value.messages), refused.value.messages


def test_the_last_five_are_not_taken_again_and_the_sixth_is(people: SimpleNamespace) -> None:
    user = people.head_a
    for number in range(5):
        passwords.change(user, f"{GOOD}{number}", user)
    for old in (PASSWORD, f"{GOOD}0", f"{GOOD}4"):
        with pytest.raises(ValidationError):
            passwords.change(user, old, user)
    passwords.change(user, f"{GOOD}5", user)
    passwords.change(user, PASSWORD, user)


def test_changing_it_ends_other_sessions_and_takes_the_old_one(
    sign_in: SignIn, browser: Client, people: SimpleNamespace
) -> None:
    other = Client()
    sign_in("officer")
    sign_in("officer", client=other)
    key = browser.session.session_key
    form = {"old": "wrong", "new": GOOD, "again": GOOD}
    assert "not your password" in browser.post("/account/password", form).content.decode()
    assert browser.post("/account/password", {**form, "old": PASSWORD, "again": "x"}).status_code == 200
    assert browser.post("/account/password", {**form, "old": PASSWORD}).status_code == 302
    assert browser.get("/account").status_code == 200
    assert browser.session.session_key != key
    assert other.get("/account").status_code == 302
    assert sign_in("officer", PASSWORD, client=Client()).status_code == 200
    assert sign_in("officer", GOOD, client=Client()).status_code == 302


def test_first_things_first(sign_in: SignIn, browser: Client, people: SimpleNamespace) -> None:
    User.objects.filter(username="officer").update(must_change_password=True)
    sign_in("officer")
    assert browser.get("/account").headers["Location"] == "/account/password"
    browser.post("/account/password", {"old": PASSWORD, "new": GOOD, "again": GOOD})
    assert browser.get("/account").status_code == 200


def test_a_password_grows_old_if_the_settings_say_so(
    sign_in: SignIn, browser: Client, people: SimpleNamespace, configured: Configured
) -> None:
    configured(accounts={"password_days": 90})
    User.objects.filter(username="officer").update(password_set=timezone.now() - timedelta(days=91))
    sign_in("officer")
    assert browser.get("/account").headers["Location"] == "/account/password"


def reset(admin: Client, user: User) -> str:
    """The link that the administrator gets."""
    answer = admin.post(f"/accounts/{user.pk}/reset", {"reason": "forgot it; came in person"})
    found = re.search(r"/sign-in/invitation/[\w-]+", answer.content.decode())
    assert found
    return found.group()


def test_a_reset_ends_everything_and_the_link_works_once(
    sign_in: SignIn, browser: Client, people: SimpleNamespace, signed_in: Any
) -> None:
    sign_in("officer")
    admin = signed_in("security_admin")
    older, link = reset(admin, people.officer), reset(admin, people.officer)
    assert browser.get("/account").status_code == 302
    assert sign_in("officer").status_code == 200
    assert browser.get(older).status_code == 410
    assert not Invitation.objects.filter(digest=link.rpartition("/")[2]).exists()
    assert 'role="alert">At least 10 characters.' in browser.post(link, {"new": "x", "again": "x"}).content.decode()
    assert "None of your last" in browser.post(link, {"new": PASSWORD, "again": PASSWORD}).content.decode()
    assert browser.post(link, {"new": GOOD, "again": GOOD}).status_code == 302
    assert browser.post(link, {"new": GOOD + "x", "again": GOOD + "x"}).status_code == 410
    assert sign_in("officer", GOOD).status_code == 302
    recorded = list(Entry.objects.filter(thing="account officer").values_list("action", flat=True))
    assert recorded.count("account.reset") == 2
    assert "password.set" in recorded


def test_a_link_grows_old(people: SimpleNamespace, browser: Client, signed_in: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        link = reset(signed_in("security_admin"), people.officer)
        clock.shift(timedelta(hours=73))
        assert browser.get(link).status_code == 410
