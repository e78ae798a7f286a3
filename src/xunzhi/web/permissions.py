"""May this person do this, here, with something this secret? The one place where that is decided.

Permission = role × organisational scope × secrecy. Roles and what they grant stand in the pack (roles.yaml); which role
a person has for which unit stands in `accounts.RoleGrant`; broken glass (accounts.glass) reaches further for a while.
Every view says what it needs with one of the three marks `@requires("permission")`, `@signed_in`, `@public`; a test
walks all addresses and refuses a view without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, wraps
from typing import Any, Literal, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.standards.roles import Role, Roles, Scope, Secrecy, load_roles
from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Person, Unit

View = Callable[..., HttpResponse]
Rows = TypeVar("Rows", bound=QuerySet[Any])


@lru_cache(maxsize=1)
def roles() -> Roles:
    """The roles and permissions of the pack in use."""
    return load_roles(pack())


@dataclass(frozen=True)
class Reach:
    """How far one grant carries one permission; `path` and `institution` are those of the unit it was given for.

    Broken glass for one patient has the scope "patient" and reaches what concerns him in that institution.
    """

    scope: Scope | Literal["patient"]
    secrecy: Secrecy
    path: str
    institution: str
    patient: str = ""

    def covers(self, unit: Unit) -> bool:
        """Whether a unit lies within."""
        match self.scope:
            case "everything":
                return True
            case "institution":
                return unit.institution == self.institution
            case "unit":
                return unit.path.startswith(self.path)
            case _:
                return False

    def concerns(self, patient: str, unit: Unit | None) -> bool:
        """Whether this is broken glass for that patient, at the institution of the unit at hand."""
        at_hand = self.scope == "patient" and unit is not None and unit.institution == self.institution
        return at_hand and patient == self.patient

    def condition(self, field: str, patient: str | None = None) -> Q:
        """The same as a condition on the unit to which `field` leads ("" if the rows are units).

        `patient` names the row's column of the patient's number, if it has one.
        """
        prefix = f"{field}__" if field else ""
        match self.scope:
            case "everything":
                return ~Q(pk__in=[])
            case "institution":
                return Q(**{f"{prefix}institution": self.institution})
            case "unit":
                return Q(**{f"{prefix}path__startswith": self.path})
            case "patient" if patient:
                return Q(**{f"{prefix}institution": self.institution, patient: self.patient})
            case _:
                return Q(pk__in=[])


def reached(
    reaches: Iterable[Reach],
    field: str = "unit",
    secrecy: str | None = None,
    own: Q | None = None,
    patient: str | None = None,
    scopes: tuple[str, ...] = (),
) -> Q:
    """The condition that keeps rows within some reaches (see :meth:`Access.within`); `own` is within each of them.

    With `scopes`, only reaches of these scopes count.
    """
    condition = Q(pk__in=[])
    for reach in reaches:
        if scopes and reach.scope not in scopes:
            continue
        part = reach.condition(field, patient)
        if own is not None:
            part |= own
        if secrecy:
            part &= Q(**{f"{secrecy}__in": [level.value for level in Secrecy if level.rank <= reach.secrecy.rank]})
        condition |= part
    return condition


@dataclass(frozen=True)
class Held:
    """A role as someone holds it today: for a unit and what is below it."""

    name: str
    role: Role
    unit_id: int
    path: str
    institution: str


_HELD = """
SELECT held.role, held.unit_id, unit.path, unit.institution
FROM accounts_rolegrant AS held JOIN org_unit AS unit ON unit.id = held.unit_id
WHERE held.user_id = %s AND held.since <= %s AND (held.until IS NULL OR held.until >= %s) ORDER BY held.id
"""
"""Each request asks this; what Django makes of the same question takes longer to write than to answer."""


class Access:
    """What one person may do; made once for a request (`request.access`)."""

    def __init__(self, user: Any):
        self.user = user

    @property
    def person(self) -> Person | None:
        """The person behind the account, if any."""
        return getattr(self.user, "person", None)

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """The roles that are in force today."""
        if not self.user.is_authenticated or not self.user.is_active:
            return ()
        today = connection.ops.adapt_datefield_value(timezone.localdate())
        with connection.cursor() as cursor:
            cursor.execute(_HELD, [self.user.pk, today, today])
            grants = cursor.fetchall()
        known = roles().roles
        return tuple(
            Held(role, known[role], unit_id, path, institution)
            for role, unit_id, path, institution in grants
            if role in known
        )

    @cached_property
    def broken(self) -> tuple[Any, ...]:
        """The broken glass (accounts.Breakage) that is in force now."""
        now = timezone.now()
        until = getattr(self.user, "glass_until", None)
        if until is None or until <= now or not self.user.is_active:
            return ()
        return tuple(self.user.breakages.filter(until__gt=now).select_related("unit"))

    @cached_property
    def _reaches(self) -> dict[str, tuple[Reach, ...]]:
        found: dict[str, list[Reach]] = {}
        for held in self.held:
            for grant in held.role.grants:
                for permission in grant.to:
                    reach = Reach(grant.scope, grant.secrecy, held.path, held.institution)
                    found.setdefault(permission, []).append(reach)
        for breakage in self.broken:
            glass, unit = roles().broken_glass, breakage.unit
            scope: Literal["patient", "unit"] = "patient" if breakage.patient else "unit"
            for permission in glass.to:
                reach = Reach(scope, glass.secrecy, unit.path, unit.institution, breakage.patient)
                found.setdefault(permission, []).append(reach)
        return {permission: tuple(reaches) for permission, reaches in found.items()}

    def reaches(self, permission: str) -> tuple[Reach, ...]:
        """How far the person's roles carry a permission.

        Raises:
            KeyError: if the pack declares no such permission.
        """
        if permission not in roles().permissions:
            raise KeyError(f"no permission {permission!r} in roles.yaml")
        return self._reaches.get(permission, ())

    def may_somewhere(self, permission: str) -> bool:
        """Whether the person has a permission anywhere at all."""
        return bool(self.reaches(permission))

    def may(
        self,
        permission: str,
        unit: Unit | None = None,
        person: Person | None = None,
        secrecy: Secrecy = Secrecy.INTERNAL,
        patient: str = "",
    ) -> bool:
        """Whether the person has a permission for what belongs to a unit, or to a person, up to a secrecy.

        A thing belongs to its unit; to the unit of its person only if it has none. `patient` is the number of the
        patient it concerns: broken glass may reach it by that.
        """
        place = unit if unit is not None else (person.unit if person is not None else None)
        own = person is not None and self.person is not None and person.pk == self.person.pk
        return any(
            reach.secrecy.rank >= secrecy.rank
            and (own or (place is not None and reach.covers(place)) or reach.concerns(patient, place))
            for reach in self.reaches(permission)
        )

    def require(self, permission: str, unit: Unit | None = None, **more: Any) -> None:
        """As :meth:`may`.

        Raises:
            PermissionDenied: if not.
        """
        if not self.may(permission, unit, **more):
            raise PermissionDenied(refusal(permission))

    def within(
        self,
        permission: str,
        field: str = "unit",
        secrecy: str | None = None,
        person: str | None = None,
        patient: str | None = None,
    ) -> Q:
        """The condition that keeps rows the permission reaches: those of which :meth:`may` says yes.

        `field` leads from a row to its unit; `secrecy` names the row's column of secrecy, `person` leads to the
        person whose own row it is, `patient` names the column of the patient's number, where rows have these.
        """
        own = Q(**{person: self.person.pk}) if person and self.person else None
        return reached(self.reaches(permission), field, secrecy, own, patient)

    def units(self, permission: str) -> QuerySet[Unit]:
        """The units for which the person has a permission."""
        return Unit.objects.filter(self.within(permission, field=""))

    def holds(self, role: str, unit: Unit | None = None) -> bool:
        """Whether the person has a role, for a unit or anything above it if one is given."""
        return any(held.name == role and (unit is None or unit.path.startswith(held.path)) for held in self.held)

    def role_names(self) -> Iterator[str]:
        """The roles held, each once."""
        yield from dict.fromkeys(held.name for held in self.held)


def refusal(permission: str) -> str:
    """What a person is told who lacks a permission."""
    wanted = in_language(roles().permissions[permission])
    return _("You may not do this here: %(wanted)s. Ask the security administrator for a role that may.") % {
        "wanted": wanted
    }


def requires(permission: str) -> Callable[[View], View]:
    """Mark a view as open to those who have a permission somewhere; the view still checks the unit at hand."""

    def mark(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.access.may_somewhere(permission):  # type: ignore[attr-defined]
                raise PermissionDenied(refusal(permission))
            return view(request, *args, **kwargs)

        checked.needs = permission  # type: ignore[attr-defined]
        return checked

    return mark


def signed_in(view: View) -> View:
    """Mark a view as open to everyone who is signed in; it shows only what is the visitor's own."""
    view.needs = "signed in"  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Mark a view as open to everyone, signed in or not."""
    view.needs = "nothing"  # type: ignore[attr-defined]
    return login_not_required(view)
