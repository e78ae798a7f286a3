"""Units and people."""

from __future__ import annotations

from typing import Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from xunzhi.web.api.common import FAULTS, Day, Number, Pages, Text, Token, access_of, need, paged
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.org.services import Node, tree

router = Router(auth=Token("organisation:read"), tags=["organisation"])
UnitKind = Literal[tuple(Unit.Kind.values)]  # type: ignore[valid-type]


class UnitOut(Schema):
    """A unit as it was on the day asked for."""

    id: int
    kind: str
    institution: str
    code: str
    name: str
    name_en: str
    parent: int | None
    depth: int


class UnitPage(Schema):
    """A page of units, from the top down."""

    items: list[UnitOut]
    count: int
    page: int
    size: int


class PersonOut(Schema):
    """Someone who works here."""

    id: int
    institution: str
    code: str
    name: str
    title: str
    category: str
    unit: int


class PersonPage(Schema):
    """A page of people, by staff number."""

    items: list[PersonOut]
    count: int
    page: int
    size: int


@router.get("/units", summary=_("Units of a day"), response={200: UnitPage, **FAULTS})
def units(request: HttpRequest, paging: Pages, on: Day | None = None, kind: UnitKind | None = None) -> Any:
    """The units of a day (today if none is given) that the caller may see."""
    access = access_of(request)
    need(access, "org.view")
    reaches = access.reaches("org.view")
    found = [
        node
        for top in tree(on)
        for node in top.walk()
        if kind in (None, node.unit.kind) and any(reach.covers(node.unit) for reach in reaches)
    ]
    return paged(found, paging, _unit)


def _unit(node: Node) -> dict[str, Any]:
    unit = node.unit
    return {
        "id": unit.pk, "kind": unit.kind, "institution": unit.institution, "code": unit.code,
        "name": node.name, "name_en": node.name_en, "parent": node.parent_id, "depth": node.depth,
    }  # fmt: skip


@router.get("/people", summary=_("People who work here today"), response={200: PersonPage, **FAULTS})
def people(request: HttpRequest, paging: Pages, unit: Number | None = None, institution: Text = "") -> Any:
    """The people who work here today, of a unit and those below it or of an institution, if one is given."""
    access = access_of(request)
    need(access, "org.view")
    today = timezone.localdate()
    found = Person.objects.filter(access.within("org.view"), Q(until=None) | Q(until__gte=today), since__lte=today)
    if unit:
        found = found.filter(unit__path__startswith=get_object_or_404(access.units("org.view"), pk=unit).path)
    if institution:
        found = found.filter(institution=institution)
    return paged(found.order_by("institution", "code"), paging, _person)


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.pk, "institution": person.institution, "code": person.code, "name": person.name,
        "title": person.title, "category": person.category, "unit": person.unit_id,
    }  # fmt: skip
