"""Policies and procedures: those in force for an indicator, and their revision by projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from xunzhi.standards.improvement import RevisionRule
from xunzhi.standards.roles import Secrecy
from xunzhi.web.cases.access import may_move, may_open, visible
from xunzhi.web.cases.models import Case, Cases, Link
from xunzhi.web.cases.services import link, move, open_case
from xunzhi.web.cases.types import case_types
from xunzhi.web.permissions import Access

PROCEDURE = "procedure"
CURRENT, REVISING = "in_force", "revising"
IN_FORCE = (CURRENT, REVISING)
"""An edition stays in force while the next one is written."""


def in_force(institution: str, indicator: str) -> Cases:
    """The procedures in force that name an indicator: known to everyone of the institution."""
    states = Q(type=PROCEDURE, state__in=IN_FORCE, secrecy=Secrecy.PUBLIC.value)
    found = Case.objects.filter(states, institution=institution, values__indicators__icontains=f'"{indicator}"')
    return found.light().order_by("title")


def may_add(access: Access) -> bool:
    """Whether someone may draft procedures somewhere."""
    return access.may_somewhere("case.open") and may_open(access, case_types()[PROCEDURE])


def revise(rule: RevisionRule, values: Mapping[str, Any], project: Case, task: Case, by: Any) -> Case | None:
    """Bring the document that a task is to revise together with it.

    Of a document in force the revision is begun, if `by` may do that; one that the register doesn't have is drafted.

    Returns:
        The document; None if it isn't there and `by` may not draft it.
    """
    found = _known(by.access, task, values.get(rule.number), values.get(rule.name))
    if found is None:
        if not may_add(by.access):
            return None
        found = open_case(PROCEDURE, _draft(rule, values, project, task), by, task.unit)
    for other in (project, task):
        link(found, other, by, Link.Kind.RAISED_BY)
    if found.state == CURRENT and may_move(by.access, found, "revise"):
        change = values.get(rule.change) or task.title
        return move(found, "revise", {"change": change}, by, found.version, comment=project.number)
    return found


def _known(access: Access, task: Case, number: Any, name: Any) -> Case | None:
    """The one document of that number (without one, of that name) not withdrawn; the task's office comes first."""
    if not (number or name):
        return None
    same = Q(values__document_number=number) if number else Q(values__name=name)
    there = visible(access).filter(same, type=PROCEDURE, institution=task.institution, closed_at=None).light()
    found = [one for one in there if one.unit_id == task.unit_id] or list(there)
    return found[0] if len(found) == 1 else None


def _draft(rule: RevisionRule, values: Mapping[str, Any], project: Case, task: Case) -> dict[str, Any]:
    indicator = project.values.get("indicator")
    told = {
        "name": values.get(rule.name) or task.title,
        "document_number": values.get(rule.number),
        "kind": rule.kind,
        "office": task.unit_id,
        "keeper": task.assignee_id,
        "indicators": [indicator] if indicator else None,
        "summary": values.get(rule.change),
    }
    return {name: value for name, value in told.items() if value}
