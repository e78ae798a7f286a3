"""What other rooms ask of accounts, and how accounts and roles change. Everything is recorded in the audit log."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.audit.services import record
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import roles


def in_force(on: date | None = None) -> Q:
    """The condition on grants that hold on a day (today if None)."""
    day = on or timezone.localdate()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def people_with_role(role: str, unit: Unit) -> QuerySet[Person]:
    """The people whose role was given for a unit or for one above it, and who still are there and may sign in."""
    above = [int(pk) for pk in unit.path.strip("/").split("/")]
    grants = RoleGrant.objects.filter(in_force(), role=role, unit__in=above)
    return Person.objects.filter(in_force(), user__is_active=True, user__in=grants.values("user"))


def everyone_with_role(role: str, institution: str) -> QuerySet[Person]:
    """The people of an institution who have a role anywhere in it, who still are there and may sign in."""
    grants = RoleGrant.objects.filter(in_force(), role=role, unit__institution=institution)
    return Person.objects.filter(in_force(), user__is_active=True, user__in=grants.values("user"))


def people_with_permission(permission: str, unit: Unit) -> QuerySet[Person]:
    """The people with a role that carries a permission to a unit."""
    above = Q(unit__in=[int(pk) for pk in unit.path.strip("/").split("/")])
    near = {"own": None, "unit": above, "institution": Q(unit__institution=unit.institution), "everything": Q()}
    condition = Q(pk__in=[])
    for name, role in roles().roles.items():
        for given in role.grants:
            reach = near[given.scope]
            if permission in given.to and reach is not None:
                condition |= Q(role=name) & reach
    grants = RoleGrant.objects.filter(in_force()).filter(condition)
    return Person.objects.filter(in_force(), user__is_active=True, user__in=grants.values("user"))


@transaction.atomic
def grant(
    user: User,
    role: str,
    unit: Unit,
    by: Any = None,
    since: date | None = None,
    until: date | None = None,
    reason: str = "",
) -> RoleGrant:
    """Give an account a role for a unit and everything below it. `by` is a request, a user, or None (the program).

    Raises:
        ValidationError: if there is no such role, the term is empty, someone gives a role to himself, or the account
            would hold the duties of two of the three administrators.
    """
    giver = getattr(by, "user", by)
    user = User.objects.select_for_update().get(pk=user.pk)
    since = since or timezone.localdate()
    _check_grant(user, role, giver, since, until)
    given = RoleGrant.objects.create(
        user=user, role=role, unit=unit, since=since, until=until, given_by=giver, reason=reason
    )
    detail = {"role": role, "unit": unit.code, "since": str(since), "until": str(until or "")}
    record(by, "role.grant", f"account {user.username}", reason, detail, institution=unit.institution)
    return given


def _check_grant(user: User, role: str, giver: User | None, since: date, until: date | None) -> None:
    known = roles().roles
    if role not in known:
        raise ValidationError(_("There is no role %(role)s.") % {"role": role})
    if until and until < since:
        raise ValidationError(_("The term ends before it begins."))
    if giver is not None and giver.pk == user.pk:
        raise ValidationError(_("Nobody gives roles to himself; ask another security administrator."))
    duty = known[role].duty
    overlapping = user.grants.filter(Q(until=None) | Q(until__gte=since))
    if until:
        overlapping = overlapping.filter(since__lte=until)
    for held in overlapping.values_list("role", flat=True):
        if duty and held in known and known[held].duty not in (None, duty):
            raise ValidationError(
                _("%(name)s holds the role %(held)s: system, security and audit are administered by different people.")
                % {"name": user, "held": in_language(known[held].label)}
            )


@transaction.atomic
def revoke(given: RoleGrant, by: Any, reason: str = "") -> None:
    """Take a role back from now on: its term ended yesterday.

    Raises:
        ValidationError: if someone changes his own roles.
    """
    if getattr(by, "user", by) == given.user:
        raise ValidationError(_("Nobody changes his own roles; ask another security administrator."))
    given.until = timezone.localdate() - timedelta(days=1)
    given.save(update_fields=["until"])
    detail = {"role": given.role, "unit": given.unit.code}
    record(by, "role.revoke", f"account {given.user.username}", reason, detail, institution=given.unit.institution)
