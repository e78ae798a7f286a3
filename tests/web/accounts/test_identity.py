"""Patients are named to those who may and say why; every look is in the log, which names no patient."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string

from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.identity import identify, mark, purpose_given, purposes
from xunzhi.web.accounts.models import User
from xunzhi.web.audit.models import Entry
from xunzhi.web.permissions import Access


def asking(user: User, **form: str) -> HttpRequest:
    request = HttpRequest()
    request.user, request.access, request.path = user, Access(user), "/cases/1"
    request.POST = form
    return request


def test_a_look_is_recorded_with_its_purpose_and_without_the_number(
    people: SimpleNamespace, units: SimpleNamespace
) -> None:
    request = asking(people.head_a, purpose="event_inquiry", purpose_remark="AE-2026-0007")
    identify(request, purpose_given(request), ["P0001", "P0002"], units.ward)
    entry = Entry.objects.get(action="patient.identify")
    assert entry.user_id == people.head_a.pk
    assert entry.purpose == "event_inquiry: AE-2026-0007"
    assert mark("H1", "P0001") in str(entry.detail)
    assert "P0001" not in str(entry.detail) + entry.thing


@pytest.mark.parametrize("who", ["head_b", "officer_h2", "doctor_a", "president", "system_admin"])
def test_who_may_not_is_refused_and_nothing_recorded(who: str, people: SimpleNamespace, units: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        identify(asking(getattr(people, who)), "care", ["P0001"], units.ward)
    assert not Entry.objects.filter(action="patient.identify").exists()


def test_secrecy_limits_who_may(people: SimpleNamespace, units: SimpleNamespace) -> None:
    identify(asking(people.nurse_a), "care", ["P0001"], units.ward)
    with pytest.raises(PermissionDenied):
        identify(asking(people.nurse_a), "care", ["P0001"], units.ward, secrecy=Secrecy.CONFIDENTIAL)


@pytest.mark.parametrize("form", [{}, {"purpose": ""}, {"purpose": "curiosity"}])
def test_without_a_purpose_no_one_is_named(
    form: dict[str, str], people: SimpleNamespace, units: SimpleNamespace
) -> None:
    with pytest.raises(ValidationError):
        purpose_given(asking(people.officer, **form))
    with pytest.raises(ValidationError):
        identify(asking(people.officer), " ", ["P0001"], units.ward)


def test_the_same_number_in_two_hospitals_has_two_marks() -> None:
    assert mark("H1", "P0001") != mark("H2", "P0001")


def test_the_watermark_names_the_reader(people: SimpleNamespace) -> None:
    text = render_to_string("parts/watermark.html", {"user": people.officer})
    assert "officer" in text


def test_the_form_offers_the_purposes_of_the_pack() -> None:
    text = render_to_string("accounts/parts/purpose.html", {"purposes": purposes()})
    assert "质量核查" in text
