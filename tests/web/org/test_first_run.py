"""A new site belongs to whoever ran `xunzhi init`, and to nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from xunzhi.web import founding
from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.configuration import home
from xunzhi.web.org.models import Unit

pytestmark = pytest.mark.django_db

ADDRESS = "/setup"


@pytest.fixture(autouse=True)
def code() -> str:
    home().mkdir(parents=True, exist_ok=True)
    founding.use_up_code()
    return founding.setup_code()


def answers(code: str, **other: str) -> dict[str, str]:
    found = {"setup_code": code, "institution": "H001", "name": "第一医院", "name_en": ""}
    for number, role in enumerate(("system_admin", "security_admin", "audit_admin")):
        found |= {
            f"{role}_name": f"管理员{number}",
            f"{role}_code": f"A{number}",
            f"{role}_password": f"Round-Table-{number}26",
        }
    return found | other


def test_the_code_founds_the_hospital_once(code: str) -> None:
    client = Client()
    assert client.get(ADDRESS).status_code == 200
    answer = client.post(ADDRESS, answers(f" {code.lower()[:6]}-{code[6:]} "))
    assert answer.status_code == 302, answer.content.decode()
    assert Unit.objects.get().name == "第一医院"
    assert set(RoleGrant.objects.values_list("user__username", "role")) == {
        ("A0", "system_admin"),
        ("A1", "security_admin"),
        ("A2", "audit_admin"),
    }
    assert client.get(ADDRESS).headers["Location"] == reverse("accounts:login")
    assert not founding.is_code(code), "the code works once"


def test_a_stranger_without_the_code_founds_nothing() -> None:
    for guess in ("", "AAAAAAAAAAAA"):
        assert Client().post(ADDRESS, answers(guess)).status_code == 200
    assert not User.objects.exists()


def test_without_init_no_code_works() -> None:
    founding.use_up_code()
    assert not founding.is_code("")
    assert Client().post(ADDRESS, answers("")).status_code == 200
    assert not User.objects.exists()


def test_one_person_can_not_be_two_administrators(code: str) -> None:
    answer = Client(headers={"accept-language": "en"}).post(ADDRESS, answers(code, audit_admin_code="A0"))
    assert b"three different people" in answer.content
    assert not User.objects.exists()


def test_weak_passwords_are_refused(code: str) -> None:
    assert Client().post(ADDRESS, answers(code, audit_admin_password="12345")).status_code == 200
    assert not User.objects.exists()


def test_the_system_administrator_sees_what_is_next(code: str) -> None:
    client = Client(headers={"accept-language": "en"})
    client.post(ADDRESS, answers(code))
    client.force_login(User.objects.get(username="A0"))
    page = client.get("/setup/steps").content.decode()
    assert "Next: Load the hospital" in page


def test_whoever_comes_to_an_empty_site_is_led_to_its_founding(code: str) -> None:
    client = Client()
    led = client.get("/", follow=True)
    assert led.redirect_chain[-1][0] == ADDRESS
    client.post(ADDRESS, answers(code))
    assert Client().get(reverse("accounts:login")).status_code == 200


def test_of_two_who_found_at_once_one_wins(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one's request came so far that the code still stood when it was looked at."""
    monkeypatch.setattr(founding, "is_code", lambda text: True)
    founding.use_up_code()
    assert Client().post(ADDRESS, answers(code)).headers["Location"] == reverse("accounts:login")
    assert not User.objects.exists()
    assert not Unit.objects.exists()
