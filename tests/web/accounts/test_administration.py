"""Accounts and roles as the security administrator keeps them; broken glass; API tokens."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone, translation

from tests.web.accounts.conftest import SignIn
from xunzhi.web.accounts import administration, services, tokens
from xunzhi.web.accounts.models import ApiToken, Breakage, RoleGrant, User
from xunzhi.web.accounts.work_items import waiting
from xunzhi.web.audit.models import Entry
from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access


@pytest.mark.parametrize("first", ["system_admin", "security_admin", "audit_admin"])
@pytest.mark.parametrize("second", ["system_admin", "security_admin", "audit_admin"])
def test_one_account_holds_the_duty_of_one_administrator(
    first: str, second: str, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    user = getattr(people, first)
    giver = people.security_admin if first != "security_admin" else None
    if first == second:
        services.grant(user, second, units.other, giver)
        return
    with pytest.raises(ValidationError):
        services.grant(user, second, units.hospital, giver, reason="short of people")
    later = timezone.localdate() + timedelta(days=400)
    with pytest.raises(ValidationError):
        services.grant(user, second, units.hospital, giver, since=later)


def test_a_duty_that_is_over_leaves_room_for_another(people: SimpleNamespace, units: SimpleNamespace) -> None:
    services.revoke(people.audit_admin.grants.get(), people.security_admin, "moved")
    services.grant(people.audit_admin, "system_admin", units.hospital, people.security_admin)
    assert list(Access(people.audit_admin).role_names()) == ["system_admin"]


def test_nobody_gives_or_takes_his_own_roles(people: SimpleNamespace, units: SimpleNamespace) -> None:
    with pytest.raises(ValidationError):
        services.grant(people.security_admin, "president", units.hospital, people.security_admin)
    with pytest.raises(ValidationError):
        services.revoke(people.security_admin.grants.get(), people.security_admin)
    for do in (administration.disable, administration.reset):
        with pytest.raises(ValidationError):
            do(people.security_admin, people.security_admin, "why")


@pytest.mark.parametrize("more", [{"role": "emperor"}, {"until": "yesterday"}])
def test_roles_and_terms_must_make_sense(more: dict[str, str], people: SimpleNamespace, units: SimpleNamespace) -> None:
    until = timezone.localdate() - timedelta(days=1) if "until" in more else None
    with pytest.raises(ValidationError):
        services.grant(people.officer, more.get("role", "committee"), units.hospital, None, until=until)


def test_people_with_a_role_are_those_it_was_given_for_the_unit_or_above(
    people: SimpleNamespace, units: SimpleNamespace
) -> None:
    assert [p.name for p in services.people_with_role("department_head", units.ward)] == ["head_a"]
    assert [p.name for p in services.people_with_role("quality_officer", units.ward)] == ["officer"]
    assert [p.name for p in services.people_with_role("head_nurse", units.cardiology)] == []
    User.objects.filter(pk=people.head_a.pk).update(is_active=False)
    assert not services.people_with_role("department_head", units.ward)


def test_people_with_a_permission_are_those_who_may(people: SimpleNamespace, units: SimpleNamespace) -> None:
    for permission in ("glass.review", "case.view", "patient.identify", "overview.view", "account.manage"):
        for unit in (units.hospital, units.ward, units.surgery, units.other):
            found = {person.name for person in services.people_with_permission(permission, unit)}
            assert found == {name for name, user in vars(people).items() if Access(user).may(permission, unit)}


def test_giving_a_role_on_the_page(signed_in: Any, people: SimpleNamespace, units: SimpleNamespace) -> None:
    admin, address = signed_in("security_admin"), f"/accounts/{people.doctor_a.pk}"
    form = {"role": "quality_member", "unit": units.cardiology.pk, "until": "2031-01-01", "reason": "QC group 2026"}
    assert admin.post(f"{address}/roles", form).status_code == 302
    given = people.doctor_a.grants.get(role="quality_member")
    assert (given.given_by, given.reason) == (people.security_admin, "QC group 2026")
    refused = admin.post(f"{address}/roles", {**form, "reason": ""})
    assert refused.status_code == 422
    admin.post(f"/accounts/roles/{given.pk}/revoke", {"reason": "left the group"})
    assert not Access(people.doctor_a).holds("quality_member")
    recorded = Entry.objects.filter(thing="account doctor_a").order_by("number")
    assert [(entry.action, entry.purpose) for entry in recorded] == [
        ("role.grant", "QC group 2026"),
        ("role.revoke", "left the group"),
    ]


def test_accounts_for_many_people_with_links_that_are_shown_once(
    signed_in: Any, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    made = [
        Person.objects.create(institution="H1", code=f"N{number}", name=f"new{number}", unit=units.ward)
        for number in range(3)
    ]
    admin = signed_in("security_admin")
    assert "3 people have no account yet" in admin.get("/accounts/").content.decode()
    answer = admin.post("/accounts/several", {"person": [person.pk for person in made], "role": "clinician"})
    assert answer.content.decode().count("/sign-in/invitation/") == 3
    assert RoleGrant.objects.filter(role="clinician", unit=units.ward, user__username__startswith="N").count() == 3
    assert not administration.without_account().exists()


def test_two_hospitals_may_have_the_same_staff_number(people: SimpleNamespace, units: SimpleNamespace) -> None:
    twins = [
        Person.objects.create(institution=unit.institution, code="T1", name="twin", unit=unit)
        for unit in (units.ward, units.other)
    ]
    names = [user.username for user in administration.create_for(twins, None)]
    assert names == ["T1", "H2-T1"]


def test_disabling_ends_sessions_at_once_and_needs_a_reason(
    sign_in: SignIn, browser: Client, signed_in: Any, people: SimpleNamespace
) -> None:
    sign_in("officer")
    admin = signed_in("security_admin")
    admin.post(f"/accounts/{people.officer.pk}/disable", {"reason": ""})
    assert browser.get("/account").status_code == 200
    admin.post(f"/accounts/{people.officer.pk}/disable", {"reason": "on leave"})
    assert browser.get("/account").status_code == 302
    admin.post(f"/accounts/{people.officer.pk}/enable", {"reason": "back"})
    assert sign_in("officer").status_code == 302


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "head_"}, {"head_a", "head_b"}),
        ({"q": "S006"}, {"head_a"}),
        ({"role": "clinician"}, {"doctor_a", "doctor_b"}),
        ({"state": "disabled"}, {"vice"}),
        ({"state": "locked"}, {"member"}),
        ({"state": "no_role"}, set()),
        ({"q": "nobody at all"}, set()),
        ({"unit": "99999999999999999999999"}, set()),
    ],
    ids=lambda given: "" if isinstance(given, set) else str(given),
)
def test_the_list_is_filtered_and_exported(
    query: dict[str, str], names: set[str], signed_in: Any, sign_in: SignIn, people: SimpleNamespace
) -> None:
    User.objects.filter(pk=people.vice.pk).update(is_active=False)
    for _number in range(5):
        sign_in("member", "wrong")
    admin = signed_in("security_admin")
    page = admin.get("/accounts/", query)
    assert {row.user.username for row in page.context["rows"]} == names
    assert admin.get("/accounts/export", query).content[:2] == b"PK"
    assert Entry.objects.filter(action="export").count() == 1


@pytest.mark.parametrize("more", [0, 40])
def test_the_list_asks_the_database_as_often_however_many_there_are(
    more: int, signed_in: Any, people: SimpleNamespace, units: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    staff = [
        Person.objects.create(institution="H1", code=f"M{number}", name=f"m{number}", unit=units.ward)
        for number in range(more)
    ]
    for user in administration.create_for(staff, None):
        RoleGrant.objects.create(user=user, role="clinician", unit=units.ward, since=timezone.localdate())
    admin = signed_in("security_admin")
    with django_assert_max_num_queries(15):
        admin.get("/accounts/")


def test_broken_glass_opens_for_a_while_and_is_reviewed_by_others(
    signed_in: Any, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        head, ward = signed_in("head_b"), units.ward
        assert not Access(people.head_b).may("case.view", ward)
        form = {"unit": ward.pk, "reason": "patient transferred at night"}
        assert head.post("/glass", {**form, "reason": "now"}).status_code == 200
        assert head.post("/glass", form).status_code == 302
        user = User.objects.get(pk=people.head_b.pk)
        assert Access(user).may("case.view", ward)
        assert Access(user).may("patient.identify", ward)
        assert not Access(user).may("case.work", ward)
        assert not Access(user).may("case.view", units.cardiology)
        assert "The glass is broken" in head.get("/account").content.decode()
        made = Breakage.objects.get()
        assert head.post(f"/glass/{made.pk}/review", {"verdict": "justified"}).status_code == 403
        auditor = signed_in("audit_admin")
        with translation.override("en"):
            assert [item.key for item in waiting(Access(people.audit_admin))] == [f"glass {made.pk}"]
        auditor.post(f"/glass/{made.pk}/review", {"verdict": "unjustified"})
        made.refresh_from_db()
        assert made.reviewed is None, "what was wrong must be said"
        auditor.post(f"/glass/{made.pk}/review", {"verdict": "justified", "remark": "ok"})
        auditor.post(f"/glass/{made.pk}/review", {"verdict": "unjustified", "remark": "no"})
        made.refresh_from_db()
        assert (made.justified, made.reviewed_by) == (True, people.audit_admin)
        clock.shift(timedelta(minutes=61))
        assert not Access(User.objects.get(pk=people.head_b.pk)).may("case.view", ward)
    recorded = list(Entry.objects.filter(thing=f"glass {made.pk}").values_list("action", flat=True))
    assert sorted(recorded) == ["glass.break", "glass.review"]


def test_broken_glass_for_one_patient_opens_nothing_else(
    signed_in: Any, people: SimpleNamespace, units: SimpleNamespace
) -> None:
    head = signed_in("head_b")
    head.post("/glass", {"unit": units.hospital.pk, "patient": "P0001", "reason": "found unconscious"})
    access = Access(User.objects.get(pk=people.head_b.pk))
    assert access.may("patient.identify", units.ward, patient="P0001")
    assert not access.may("patient.identify", units.ward, patient="P0002")
    assert not access.may("patient.identify", units.other, patient="P0001")
    head.post(f"/glass/{Breakage.objects.get().pk}/mend")
    access = Access(User.objects.get(pk=people.head_b.pk))
    assert not access.may("patient.identify", units.ward, patient="P0001")


def asking(text: str) -> HttpRequest:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = text
    return request


def test_a_token_acts_for_its_account_within_its_scopes_until_it_expires(people: SimpleNamespace) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        text = tokens.make(people.officer, "dashboard", ["results:read"], 30, people.officer)
        assert text not in str(ApiToken.objects.values())
        request = asking(f"Bearer {text}")
        caller = tokens.authenticate(request)
        assert caller is not None
        assert caller.user == people.officer
        assert request.access.may_somewhere("overview.view")  # type: ignore[attr-defined]
        caller.require("results:read")
        with pytest.raises(PermissionDenied):
            caller.require("cases:write")
        assert ApiToken.objects.get().used is not None
        clock.shift(timedelta(days=31))
        assert tokens.authenticate(asking(f"Bearer {text}")) is None


@pytest.mark.parametrize("end", ["revoked", "disabled", "left"])
def test_a_token_ends_with_its_account_or_before(end: str, people: SimpleNamespace) -> None:
    text = tokens.make(people.officer, "dashboard", ["results:read"], 30, people.officer)
    if end == "revoked":
        tokens.revoke(ApiToken.objects.get(), people.officer)
    elif end == "disabled":
        administration.disable(people.officer, people.security_admin, "left")
    else:
        Person.objects.filter(user=people.officer).update(until=timezone.localdate() - timedelta(days=1))
    assert tokens.authenticate(asking(f"Bearer {text}")) is None


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer xz_", "Bearer xz_wrong", "Basic eDp5", "xz_wrong"])
def test_other_texts_are_no_tokens(text: str, db: None) -> None:
    assert tokens.authenticate(asking(text)) is None


def test_a_token_is_shown_once_on_the_page(signed_in: Any, people: SimpleNamespace) -> None:
    officer = signed_in("officer")
    answer = officer.post("/account/tokens", {"name": "BI", "scopes": ["results:read"], "days": "30"}).content.decode()
    start = ApiToken.objects.get().start
    assert start in answer
    assert tokens.PREFIX in answer
    text = answer.partition('id="token"')[2].partition(">")[2].partition("<")[0]
    assert tokens.authenticate(asking(f"Bearer {text}")) is not None
    assert text not in officer.get("/account/tokens").content.decode()
    for wrong in ({"days": "9999"}, {"scopes": ["everything"]}, {"name": " "}):
        officer.post("/account/tokens", {"name": "BI", "scopes": ["results:read"], "days": "30", **wrong})
    assert ApiToken.objects.count() == 1
