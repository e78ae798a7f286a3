"""Access.within keeps exactly the rows of which Access.may says yes, and both say what the scopes mean."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.models import Breakage, RoleGrant, User
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import Access, roles

PERMISSIONS = ["person.view", "case.view", "patient.identify", "org.view", "department.view"]
PATIENTS = ["", "P1", "P2"]

trees = st.lists(st.integers(0, 8), min_size=1, max_size=9)
"""Unit i hangs below unit `tree[i] % i`; those below nothing are institutions."""
grants = st.lists(st.tuples(st.sampled_from(sorted(roles().roles)), st.integers(0, 20)), max_size=3)
rows = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(list(Secrecy)), st.sampled_from(PATIENTS)), min_size=1, max_size=8
)
breakages = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(PATIENTS)), max_size=2)


def _plant(tree: list[int]) -> list[Unit]:
    """A forest: two hospitals, and units below them."""
    units = [
        Unit.objects.create(kind=Unit.Kind.INSTITUTION, institution=code, code=code, name=code) for code in ("A", "B")
    ]
    for number, below in enumerate(tree):
        parent = units[below % len(units)]
        units.append(
            Unit.objects.create(
                kind=Unit.Kind.WARD, institution=parent.institution, code=str(number), name=f"{number}", parent=parent
            )
        )
    return units


def _place(units: list[Unit], placed: list[tuple[int, Secrecy, str]]) -> list[Person]:
    """Rows with a unit, an owner, a secrecy and a patient: people lend their columns to any kind of row."""
    return [
        Person.objects.create(
            institution=units[where % len(units)].institution,
            code=str(number),
            name=str(number),
            unit=units[where % len(units)],
            title=secrecy.value,
            channel=patient,
        )
        for number, (where, secrecy, patient) in enumerate(placed)
    ]


def _naive(access: Access, permission: str, row: Person) -> bool:
    """What roles.yaml says, read word by word."""
    above = [row.unit]
    while above[-1].parent:
        above.append(above[-1].parent)
    for given_role in access.user.grants.all():
        for grant in roles().roles[given_role.role].grants:
            near: dict[str, Any] = {
                "own": False,
                "unit": given_role.unit in above,
                "institution": given_role.unit.institution == row.unit.institution,
                "everything": True,
            }
            secret = Secrecy(row.title).rank <= grant.secrecy.rank
            if permission in grant.to and secret and (near[grant.scope] or row == access.user.person):
                return True
    glass = roles().broken_glass
    for broken in access.user.breakages.all():
        same = broken.patient == row.channel and broken.unit.institution == row.unit.institution
        near_enough = same if broken.patient else broken.unit in above
        own = row == access.user.person
        if permission in glass.to and Secrecy(row.title).rank <= glass.secrecy.rank and (near_enough or own):
            return True
    return False


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees, given_roles=grants, placed=rows, broken=breakages)
def test_within_keeps_the_rows_of_which_may_says_yes(
    tree: list[int],
    given_roles: list[tuple[str, int]],
    placed: list[tuple[int, Secrecy, str]],
    broken: list[tuple[int, str]],
) -> None:
    with transaction.atomic():
        units = _plant(tree)
        people = _place(units, placed)
        now = timezone.now()
        user = User.objects.create(username="someone", person=people[0], glass_until=now + timedelta(hours=1))
        for role, where in given_roles:
            RoleGrant.objects.create(user=user, role=role, unit=units[where % len(units)], since=date(2020, 1, 1))
        for where, patient in broken:
            Breakage.objects.create(
                user=user, unit=units[where % len(units)], patient=patient, since=now, until=now + timedelta(hours=1)
            )
        access = Access(user)
        for permission in PERMISSIONS:
            kept = set(
                Person.objects.filter(
                    access.within(permission, "unit", secrecy="title", person="pk", patient="channel")
                ).values_list("pk", flat=True)
            )
            allowed = {
                row.pk
                for row in people
                if access.may(permission, row.unit, person=row, secrecy=Secrecy(row.title), patient=row.channel)
            }
            assert kept == allowed
            assert allowed == {row.pk for row in people if _naive(access, permission, row)}
            assert set(access.units(permission)) == {
                unit for unit in units if access.may(permission, unit, secrecy=Secrecy.PUBLIC)
            }
        transaction.set_rollback(True)


def test_a_grant_counts_on_the_days_of_its_term_only(people: Any, units: Any) -> None:
    today = timezone.localdate()
    user = User.objects.create(username="someone")
    for since, until, holds in [
        (today, today, True),
        (today - timedelta(days=9), None, True),
        (today + timedelta(days=1), None, False),
        (today - timedelta(days=9), today - timedelta(days=1), False),
    ]:
        user.grants.all().delete()
        RoleGrant.objects.create(user=user, role="president", unit=units.hospital, since=since, until=until)
        assert Access(user).holds("president", units.ward) is holds


def test_an_account_that_is_disabled_may_nothing(people: Any, units: Any) -> None:
    people.officer.is_active = False
    assert not Access(people.officer).may_somewhere("case.view")


def test_a_permission_that_the_pack_does_not_declare_is_an_error(people: Any) -> None:
    with pytest.raises(KeyError, match="no permission"):
        Access(people.officer).may_somewhere("cases.view")
