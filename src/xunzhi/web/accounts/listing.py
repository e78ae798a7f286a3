"""The list of accounts: who is seen, filters, and the state of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xunzhi.web.accounts.attempts import account_key, locked_keys
from xunzhi.web.accounts.models import RoleGrant, SecondFactor, User
from xunzhi.web.accounts.services import in_force
from xunzhi.web.asked import number
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access, roles

STATES: dict[str, str | Promise] = {
    "active": _("Active"),
    "locked": _("Locked"),
    "disabled": _("Disabled"),
    "new": _("Never signed in"),
    "no_role": _("Without a role"),
}


@dataclass(frozen=True)
class Row:
    """An account as the list shows it."""

    user: User
    roles: list[str]
    state: str
    second_factor: bool
    last: datetime | None

    @property
    def said(self) -> str | Promise:
        """The state in words."""
        return STATES[self.state]


def visible(access: Access) -> QuerySet[User]:
    """The accounts that someone may maintain."""
    return User.objects.filter(access.within("account.manage", field="person__unit"))


def filtered(users: QuerySet[User], asked: QueryDict) -> QuerySet[User]:
    """Those that match the filters of a query string: q, state, role, unit."""
    held = RoleGrant.objects.filter(in_force(), user=OuterRef("pk"))
    if text := asked.get("q", "").strip():
        users = users.filter(
            Q(username__icontains=text) | Q(person__name__icontains=text) | Q(person__code__icontains=text)
        )
    if role := asked.get("role"):
        users = users.filter(Exists(held.filter(role=role)))
    if unit := asked.get("unit"):
        above = Unit.objects.filter(pk=number(unit)).values_list("path", flat=True).first()
        users = users.filter(person__unit__path__startswith=above) if above else users.none()
    match asked.get("state"):
        case "active":
            users = users.filter(is_active=True)
        case "disabled":
            users = users.filter(is_active=False)
        case "new":
            users = users.filter(last_login=None)
        case "no_role":
            users = users.filter(~Exists(held))
        case "locked":
            locked = locked_keys()
            names = [name for name in users.values_list("username", flat=True) if account_key(name) in locked]
            users = users.filter(username__in=names)
    return users


def shown(users: QuerySet[User]) -> QuerySet[User]:
    """With everything that :func:`rows` needs."""
    grants = RoleGrant.objects.filter(in_force()).select_related("unit")
    return (
        users.select_related("person__unit")
        .prefetch_related(Prefetch("grants", grants, "held"))
        .annotate(factor=Exists(SecondFactor.objects.filter(user=OuterRef("pk"))))
    )


def rows(users: Iterable[User]) -> list[Row]:
    """The rows of some accounts (see :func:`shown`)."""
    locked, known = locked_keys(), roles().roles
    return [
        Row(
            user,
            [f"{in_language(known[grant.role].label)} · {grant.unit}" for grant in user.held if grant.role in known],  # type: ignore[attr-defined]
            state_of(user, locked),
            user.factor,  # type: ignore[attr-defined]
            user.last_login,
        )
        for user in users
    ]


def state_of(user: User, locked: set[str]) -> str:
    """What keeps an account from being used, or that nothing does."""
    if not user.is_active:
        return "disabled"
    if account_key(user.username) in locked:
        return "locked"
    return "active" if user.last_login else "new"
