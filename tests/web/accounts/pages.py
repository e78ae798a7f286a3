"""Who may open the pages of accounts (see permission_kit.py)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from tests.web.permission_kit import EVERYONE, PUBLIC, Page
from xunzhi.web.accounts.models import ApiToken, Breakage, RoleGrant
from xunzhi.web.org.models import Person

OTHERS = ("officer", "head_a", "president", "system_admin", "audit_admin")
BREAKERS = ("officer", "head_a", "nurse_a", "officer_h2")
REVIEWERS = ("security_admin", "audit_admin")


def _doctor(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": world.people.doctor_a.pk}


def _grant(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": RoleGrant.objects.get(user=world.people.doctor_a).pk}


def _breakage(world: SimpleNamespace) -> dict[str, Any]:
    now = timezone.now()
    made = Breakage.objects.create(
        user=world.people.head_a, unit=world.units.surgery, since=now, until=now + timedelta(hours=1), reason="urgent"
    )
    return {"pk": made.pk}


def _token(world: SimpleNamespace) -> dict[str, Any]:
    later = timezone.now() + timedelta(days=1)
    return {"pk": ApiToken.objects.create(user=world.people.officer, name="x", digest="x", expires=later).pk}


def _role(world: SimpleNamespace) -> dict[str, Any]:
    return {"role": "quality_member", "unit": world.units.cardiology.pk, "reason": "new QC member"}


def _newcomers(world: SimpleNamespace) -> dict[str, Any]:
    made = Person.objects.create(institution="H1", code="S900", name="new", unit=world.units.ward)
    return {"person": made.pk}


PAGES = [
    Page("accounts:login", may=PUBLIC),
    Page("accounts:code", may=PUBLIC),
    Page("accounts:oidc", may=PUBLIC),
    Page("accounts:oidc_return", may=PUBLIC),
    Page("accounts:invitation", may=PUBLIC, arguments=lambda world: {"text": "none"}, answers=(410,)),
    Page("accounts:logout", may=PUBLIC, method="post"),
    Page("accounts:profile", may=EVERYONE),
    Page("accounts:password", may=EVERYONE),
    Page("accounts:second_factor", may=EVERYONE),
    Page("accounts:change_second_factor", may=EVERYONE, method="post"),
    Page("accounts:end_session", may=EVERYONE, method="post"),
    Page("accounts:tokens", may=EVERYONE),
    Page("accounts:revoke_token", may=("officer",), outsider=OTHERS[1:], method="post", arguments=_token),
    Page("accounts:accounts", may=("security_admin",), outsider=OTHERS),
    Page("accounts:export", may=("security_admin",), outsider=OTHERS),
    Page("accounts:new", may=("security_admin",), outsider=OTHERS),
    Page("accounts:new", may=("security_admin",), outsider=OTHERS, method="post", data=_newcomers),
    Page("accounts:several", may=("security_admin",), outsider=OTHERS),
    Page("accounts:several", may=("security_admin",), outsider=OTHERS, method="post", data=_newcomers),
    Page("accounts:account", may=("security_admin",), outsider=OTHERS, arguments=_doctor),
    Page("accounts:grant", may=("security_admin",), outsider=OTHERS, method="post", arguments=_doctor, data=_role),
    *(
        Page(
            "accounts:act",
            may=("security_admin",),
            outsider=OTHERS,
            method="post",
            arguments=lambda world, what=what: {**_doctor(world), "what": what},
            data=lambda world: {"reason": "asked for in person"},
        )
        for what in ("reset", "disable", "enable", "unlock", "sign-out", "tokens")
    ),
    Page("accounts:revoke", may=("security_admin",), outsider=OTHERS, method="post", arguments=_grant),
    Page("accounts:glass", may=BREAKERS, outsider=("doctor_a", "president", "security_admin", "audit_admin")),
    Page("accounts:mend", may=("head_a",), outsider=("officer", "audit_admin"), method="post", arguments=_breakage),
    Page("accounts:glass_reviews", may=REVIEWERS, outsider=BREAKERS),
    Page("accounts:export_reviews", may=REVIEWERS, outsider=BREAKERS),
    Page("accounts:review", may=REVIEWERS, outsider=BREAKERS, method="post", arguments=_breakage),
]
