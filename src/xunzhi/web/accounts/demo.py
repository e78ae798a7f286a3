"""The accounts of the demo hospital, as its sign-in page lists them: one click fills them in."""

from __future__ import annotations

from dataclasses import dataclass

from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.accounts.services import in_force
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import roles

PASSWORD = "Quality-in-circles-2026"  # noqa: S105  known to everyone who sees the demo
MOST = 3
"""Accounts shown of each role."""


@dataclass(frozen=True)
class DemoRole:
    """A role, what it can do, and who has it."""

    label: str
    meaning: str
    users: list[tuple[User, str]]


def demo_roles() -> list[DemoRole]:
    """The roles in the order of roles.yaml, each with some accounts and the units they have it for (one query).

    The demo gave these roles itself; whom somebody gave a role since then has a password of his own.
    """
    grants = RoleGrant.objects.filter(in_force(), user__is_active=True, given_by=None)
    holders: dict[str, list[tuple[User, str]]] = {}
    for grant in grants.select_related("user__person", "unit").order_by("user__username"):
        shown = holders.setdefault(grant.role, [])
        if len(shown) < MOST:
            shown.append((grant.user, grant.unit.name))
    return [
        DemoRole(in_language(role.label), in_language(role.meaning), holders[name])
        for name, role in roles().roles.items()
        if name in holders
    ]
