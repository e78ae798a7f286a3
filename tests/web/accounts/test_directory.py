"""Signing in with the password of the hospital's directory: a real slapd."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.accounts.conftest import Configured, SignIn
from tests.web.accounts.slapd import BASE, SEARCHER, SEARCHER_PASSWORD, Slapd
from xunzhi.web.accounts.directory import DirectoryBackend, DirectoryError
from xunzhi.web.accounts.models import Attempts, User
from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access

ENTRIES = {
    "zhang": ("directory-word-1", "S006"),
    "liu(icu)*": ("directory-word-2", "S007"),
    "nobody": ("directory-word-3", "S999"),
    "numberless": ("directory-word-4", ""),
    "officer": ("directory-word-5", "S777"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with Slapd(tmp_path_factory.mktemp("slapd"), ENTRIES, security="simple_bind=128") as running:
        yield running


@pytest.fixture
def setup(server: Slapd, configured: Configured) -> Any:
    """Write the settings of the directory, with changes."""

    def write(**changes: Any) -> None:
        ldap = {
            "url": server.ldap,
            "ca_file": str(server.certificate),
            "bind_dn": SEARCHER,
            "bind_password": SEARCHER_PASSWORD,
            "base": BASE,
        }
        configured(ldap={**ldap, **changes})

    write()
    return write


def known(username: str, password: str) -> User | None:
    return DirectoryBackend().authenticate(None, username, password)


@pytest.mark.parametrize("kind", ["starttls", "ldaps"])
def test_the_password_of_the_directory_opens_the_account_of_the_staff_number(
    kind: str, setup: Any, server: Slapd, people: SimpleNamespace, sign_in: SignIn
) -> None:
    if kind == "ldaps":
        setup(url=server.ldaps)
    assert known("zhang", "directory-word-1") == people.head_a
    assert known("zhang", "directory-word-2") is None
    assert known("unknown", "directory-word-1") is None
    assert sign_in("zhang", "directory-word-1").status_code == 302


def test_without_encryption_the_server_refuses_and_so_does_a_certificate_nobody_vouches_for(
    setup: Any, server: Slapd, people: SimpleNamespace
) -> None:
    setup(start_tls=False)
    with pytest.raises(DirectoryError):
        known("zhang", "directory-word-1")
    for url in (server.ldap, server.ldaps):
        setup(url=url, ca_file="")
        with pytest.raises(DirectoryError):
            known("zhang", "directory-word-1")


@pytest.mark.parametrize(
    "typed", ["*", "zh*", "zhang)(uid=*", "*)(uid=zhang))(|(uid=*", "zhang\x00", "(zhang)", "\\2a"]
)
def test_what_is_typed_is_data_and_no_filter(typed: str, setup: Any, people: SimpleNamespace) -> None:
    assert known(typed, "directory-word-1") is None


def test_names_with_signs_of_filters_are_found_as_they_are(setup: Any, people: SimpleNamespace) -> None:
    assert known("liu(icu)*", "directory-word-2") == people.nurse_a


@pytest.mark.parametrize("password", ["", "\x00"])
def test_an_empty_password_is_no_password(password: str, setup: Any, people: SimpleNamespace) -> None:
    assert known("zhang", password) is None


@pytest.mark.parametrize(("uid", "password"), [("nobody", "directory-word-3"), ("numberless", "directory-word-4")])
def test_who_is_not_staff_here_stays_outside(uid: str, password: str, setup: Any, people: SimpleNamespace) -> None:
    setup(create=True)
    assert known(uid, password) is None


def test_a_like_name_in_the_directory_is_somebody_else(setup: Any, people: SimpleNamespace) -> None:
    """The directory's `officer` has another staff number than the account `officer`."""
    assert known("officer", "directory-word-5") is None


def test_where_the_directory_has_no_staff_numbers_the_account_name_counts(setup: Any, people: SimpleNamespace) -> None:
    setup(code_attribute="")
    assert known("officer", "directory-word-5") == people.officer


def test_staff_numbers_may_be_those_of_one_institution(setup: Any, people: SimpleNamespace) -> None:
    setup(institution="H2")
    assert known("zhang", "directory-word-1") is None


def test_staff_without_an_account_get_one_without_roles_if_the_settings_say_so(
    setup: Any, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    person = Person.objects.create(institution="H1", code="S999", name="new", unit=units.ward)
    assert known("nobody", "directory-word-3") is None
    setup(create=True)
    user = known("nobody", "directory-word-3")
    assert user is not None
    assert user.person == person
    assert not user.has_usable_password()
    assert Access(user).held == ()


def test_who_is_disabled_here_stays_outside(setup: Any, people: SimpleNamespace) -> None:
    User.objects.filter(pk=people.head_a.pk).update(is_active=False)
    assert known("zhang", "directory-word-1") is None


def test_while_the_directory_is_down_local_accounts_sign_in_and_no_failure_is_counted(
    setup: Any, people: SimpleNamespace, sign_in: SignIn
) -> None:
    setup(url="ldap://127.0.0.1:1")
    answer = sign_in("zhang", "directory-word-1")
    assert answer.status_code == 503
    assert "directory doesn" in answer.content.decode()
    assert not Attempts.objects.filter(failures__gt=0).exists()
    assert sign_in("officer").status_code == 302


def test_a_wrong_password_of_the_account_that_searches_is_an_error_of_the_setup(
    setup: Any, people: SimpleNamespace
) -> None:
    setup(bind_password="wrong")
    with pytest.raises(DirectoryError):
        known("zhang", "directory-word-1")


def test_without_settings_no_directory_is_asked(db: None) -> None:
    assert known("zhang", "directory-word-1") is None
