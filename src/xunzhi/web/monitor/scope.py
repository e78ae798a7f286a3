"""Whose results a person may see: institutions, departments and wards, doctors. Results name these by code."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from xunzhi.measures import HOSPITAL
from xunzhi.web.installation import kinds_of_cases
from xunzhi.web.monitor.readmodel import Model
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import refusal

if TYPE_CHECKING:
    from xunzhi.web.permissions import Access

PEOPLE = "doctor", "surgeon"
"""Strata whose units are people."""

UNITS = Unit.Kind.DEPARTMENT, Unit.Kind.WARD, Unit.Kind.OFFICE


def permission_of(stratum: str) -> str:
    """What one needs to see the results of a unit of a stratum."""
    return "person.view" if stratum in PEOPLE else "department.view"


def reaches_whole(access: Access, permission: str, institution: str) -> bool:
    """Whether someone has a permission for a whole institution."""
    return any(
        reach.scope == "everything"
        or (reach.institution == institution and (reach.scope == "institution" or _is_top(reach.scope, reach.path)))
        for reach in access.reaches(permission)
    )


def _is_top(scope: str, path: str) -> bool:
    return scope == "unit" and path.strip("/").count("/") == 0


def institutions(access: Access, permission: str, known: Iterable[str]) -> list[str]:
    """The institutions with results for which someone has a permission as a whole."""
    return [name for name in known if reaches_whole(access, permission, name)]


def chosen_institution(request: HttpRequest, permission: str, known: Collection[str]) -> str:
    """The institution that a page is about: the one asked for, else the visitor's own, else the first he may see.

    Raises:
        PermissionDenied: if there is none.
    """
    access: Access = request.access  # type: ignore[attr-defined]
    allowed = [
        name
        for name in known
        if any(_touches(reach.scope, reach.institution, name) for reach in access.reaches(permission))
    ]
    own = access.person.institution if access.person else ""
    for name in (request.GET.get("institution", ""), own):
        if name in allowed:
            return name
    if not allowed:
        raise PermissionDenied(refusal(permission))
    return allowed[0]


def _touches(scope: str, institution: str, name: str) -> bool:
    return scope == "everything" or institution == name


def visible(access: Access, permission: str, institution: str, stratum: str, codes: Iterable[str]) -> set[str]:
    """Those of some units of a stratum (departments, wards, doctors by code) for which someone has a permission.

    Kinds of cases, such as diseases, are seen by those who see the whole institution.
    """
    found = set(codes)
    if reaches_whole(access, permission, institution):
        return found
    if kinds_of_cases(stratum) is not None:
        return set()
    if stratum in PEOPLE:
        own = access.within(permission, field="unit", person="pk")
        people = Person.objects.filter(own, institution=institution)
        return found & set(people.values_list("code", flat=True))
    units = access.units(permission).filter(institution=institution, kind__in=UNITS)
    return found & set(units.values_list("code", flat=True))


def require_unit(access: Access, permission: str, institution: str, stratum: str, unit: str) -> None:
    """Refuse what someone may not see: the whole institution (unit ''), or one unit of a stratum.

    Raises:
        PermissionDenied: for the whole institution.
        Http404: for a unit of which he may not know.
    """
    if stratum == HOSPITAL or not unit:
        if not reaches_whole(access, permission, institution):
            raise PermissionDenied(refusal(permission))
    elif not visible(access, permission, institution, stratum, [unit]):
        raise Http404(unit)


def names(model: Model, institution: str, stratum: str) -> dict[str, str]:
    """Code → name of the units of a stratum, as the facts say it; of kinds of cases, as the standards do."""
    kinds = kinds_of_cases(stratum)
    if kinds is not None:
        return kinds
    return {unit: name for (owner, unit), name in model.readings.unit_names(stratum).items() if owner == institution}
