"""A small hospital and its people, for the tests of the site.

H1 ┬ committee ── quality office (officer, vice, president, committee member; administrators)
   ├ cardiology (head_a, nurse_a, doctor_a) ── ward 1A
   └ surgery (head_b, doctor_b: the outsiders)
H2 ─ another hospital (officer_h2)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from tests.web.monitor.hospital import results, results_home
from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.audit.guards import lift
from xunzhi.web.org.models import Person, Post, Unit

__all__ = ["results", "results_home"]

PASSWORD = "Circle-of-quality-26"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Transactional tests empty all tables, which the audit log refuses: its triggers are lifted here."""
    with django_db_blocker.unblock():
        lift(connection)


@pytest.fixture(autouse=True)
def _in_chinese() -> None:
    """Every test begins in the language of the site, whatever the one before it spoke."""
    translation.activate("zh-hans")


@pytest.fixture
def units(db: None) -> SimpleNamespace:
    """The units, by short name."""
    kind = Unit.Kind

    def unit(code: str, name: str, of: str, parent: Unit | None, institution: str = "H1", **more: str) -> Unit:
        return Unit.objects.create(institution=institution, code=code, name=name, kind=of, parent=parent, **more)

    hospital = unit("H1", "循质医院", kind.INSTITUTION, None)
    other = unit("H2", "邻县医院", kind.INSTITUTION, None, institution="H2")
    committee = unit("QSC", "医疗质量与安全管理委员会", kind.COMMITTEE, hospital)
    office = unit("QO", "质控科", kind.OFFICE, hospital, owner_key="quality_office")
    cardiology = unit("0301", "心血管内科", kind.DEPARTMENT, hospital)
    surgery = unit("0401", "普通外科", kind.DEPARTMENT, hospital)
    ward = unit("0301W1", "心内一病区", kind.WARD, cardiology)
    return SimpleNamespace(
        hospital=hospital,
        other=other,
        committee=committee,
        office=office,
        cardiology=cardiology,
        surgery=surgery,
        ward=ward,
    )


@pytest.fixture
def people(units: SimpleNamespace) -> SimpleNamespace:
    """The accounts, by short name; all have the same password."""
    rows = {
        "president": ("president", units.hospital, units.hospital),
        "vice": ("vice_president", units.hospital, units.hospital),
        "member": ("committee", units.committee, units.hospital),
        "officer": ("quality_officer", units.office, units.hospital),
        "officer_h2": ("quality_officer", units.other, units.other),
        "head_a": ("department_head", units.cardiology, units.cardiology),
        "nurse_a": ("head_nurse", units.ward, units.ward),
        "doctor_a": ("clinician", units.cardiology, units.cardiology),
        "head_b": ("department_head", units.surgery, units.surgery),
        "doctor_b": ("clinician", units.surgery, units.surgery),
        "system_admin": ("system_admin", units.hospital, units.hospital),
        "security_admin": ("security_admin", units.hospital, units.hospital),
        "audit_admin": ("audit_admin", units.hospital, units.hospital),
    }
    password = make_password(PASSWORD)
    persons = Person.objects.bulk_create(
        Person(institution=unit.institution, code=f"S{number:03d}", name=name, unit=unit, email=f"{name}@example.org")
        for number, (name, (_, unit, _)) in enumerate(rows.items(), start=1)
    )
    users = User.objects.bulk_create(User(username=person.name, person=person, password=password) for person in persons)
    begun = date(2020, 1, 1)
    RoleGrant.objects.bulk_create(
        RoleGrant(user=user, role=role, unit=granted, since=begun)
        for user, (role, _, granted) in zip(users, rows.values(), strict=True)
    )
    duties = {"department_head": Post.Duty.HEAD, "head_nurse": Post.Duty.HEAD_NURSE}
    Post.objects.bulk_create(
        Post(person=person, unit=unit, duty=duties[role], since=begun)
        for person, (role, unit, _) in zip(persons, rows.values(), strict=True)
        if role in duties
    )
    return SimpleNamespace(**dict(zip(rows, users, strict=True)))


@pytest.fixture
def signed_in(people: SimpleNamespace) -> Callable[[str], Client]:
    """A browser in which someone is signed in: `signed_in("officer").get(...)`."""

    def browser(name: str) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(getattr(people, name))
        return client

    return browser
