"""roles.yaml: what may be done on the site, and which roles may do it where."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from xunzhi.standards.errors import Problem
from xunzhi.standards.layered import load_layered
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import Label, Standard
from xunzhi.standards.yaml_source import Source

if TYPE_CHECKING:
    from xunzhi.standards.pack import Pack


class Secrecy(StrEnum):
    """How far something may be known, from everyone to a named few."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"  # noqa: S105  a level, no password

    @property
    def rank(self) -> int:
        """0 for public … 3 for secret."""
        return list(Secrecy).index(self)


Scope = Literal["own", "unit", "institution", "everything"]


class Grant(Standard):
    """Permissions together with how far they reach.

    `own`: what is the person's own; `unit`: the unit for which the role was given, and all below it; `institution`:
    the institution of that unit; `everything`: all institutions. `secrecy` is the highest level that is included.
    """

    to: tuple[str, ...]
    scope: Scope = "unit"
    secrecy: Secrecy = Secrecy.INTERNAL


class Role(Standard):
    """What a kind of user does here. Roles of different `duty` can't be given to one account."""

    label: Label
    meaning: Label
    grants: tuple[Grant, ...]
    duty: Literal["system", "security", "audit"] | None = Field(
        default=None, description="one of the three administrators that must be different people"
    )


class Roles(Standard):
    """The content of roles.yaml."""

    permissions: dict[str, Label]
    roles: dict[str, Role]
    broken_glass: Grant = Field(
        default=Grant(to=()),
        description="what someone who breaks the glass reaches for a while, in a unit or of a patient",
    )
    purposes: dict[str, Label] = Field(default={}, description="why someone may see who a patient is")


def load_roles(pack: Pack) -> Roles:
    """The permissions and roles of a pack; of a pack that extends another one, its own entries come last.

    Raises:
        StandardsError: if roles.yaml is missing, wrong, or names a permission that it doesn't declare.
    """
    return load_layered(pack, "roles.yaml", Roles, _undeclared)


def _undeclared(source: Source, roles: Roles, merged: Roles) -> list[Problem]:
    """Grants to permissions that no roles.yaml declares."""
    places: list[tuple[tuple[str | int, ...], Grant]] = [
        (("roles", name, "grants", index, "to"), grant)
        for name, role in roles.roles.items()
        for index, grant in enumerate(role.grants)
    ]
    return [
        source.problem(place, unknown("permission", wanted, set(merged.permissions)))
        for place, grant in [*places, (("broken_glass", "to"), roles.broken_glass)]
        for wanted in grant.to
        if wanted not in merged.permissions
    ]
