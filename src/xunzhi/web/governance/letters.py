"""Responsibility letters of the same wording, one for each unit, signed by its head."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.schema import as_list, filled_in_for
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.org.services import heads, members

WORDING = ("subject", "level", "begins", "ends", "duties", "goals", "rules")


def issue_the_same(case: Case, by: Any) -> list[Case]:
    """Open and issue a letter like this one for each other unit that it names; once, however often it is issued.

    Raises:
        Refused: if one of them has no head of its own to sign; none is issued then.
        PermissionDenied: if who issues may open no letters for one of them.
    """
    if case.log.filter(transition="issue").count() > 1:
        return []
    asked = Unit.objects.filter(pk__in=as_list(case.values.get("also_for"))).exclude(pk=case.unit_id)
    signing = {unit: _head(unit) for unit in asked.order_by("order", "pk")}
    if headless := [unit.name for unit, head in signing.items() if head is None]:
        text = _("These units have no head to sign: %(units)s. Enter the heads under Organisation, or leave them out.")
        raise Refused(text % {"units": _(", ").join(headless)})
    wording = {name: case.values[name] for name in WORDING if name in case.values}
    with filled_in_for(case.form):
        return [
            _issued(case.type, wording | {"department": unit.pk, "signatory": head.pk}, by)
            for unit, head in signing.items()
            if head is not None
        ]


def _head(unit: Unit) -> Person | None:
    own = set(members(unit).values_list("pk", flat=True))
    return next((person for person in heads(unit) if person.pk in own), None)


def _issued(kind: str, values: dict[str, Any], by: Any) -> Case:
    letter = open_case(kind, values, by)
    return move(letter, "issue", {}, by, letter.version, signed=True)
