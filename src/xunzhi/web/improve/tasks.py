"""What a project hands over: tasks opened from its tools, and how far they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from xunzhi.standards.improvement import TaskRule
from xunzhi.web.cases.access import may_open, visible
from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.models import Case, Link
from xunzhi.web.cases.schema import filled_in_for
from xunzhi.web.cases.services import move, open_case
from xunzhi.web.cases.types import case_types
from xunzhi.web.improve import procedures, workspace
from xunzhi.web.improve.standards import improvement
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access

TASK, DROPPED = "task", "cancelled"


@dataclass(frozen=True)
class Handed:
    """A task of a project, or a document that it revises; `link` is empty for those who may not open it."""

    case: Case
    link: str

    @property
    def state(self) -> str:
        """Its state in the reader's language."""
        return workspace.said(self.case.form.states[self.case.state].label)


def of_project(access: Access, case: Case) -> list[Handed]:
    """The tasks of a project and the documents that it revises, the oldest first."""
    found = list(_handed_over(case))
    seen = set(visible(access).filter(pk__in=[one.pk for one in found]).values_list("pk", flat=True))
    return [Handed(one, one.get_absolute_url() if one.pk in seen else "") for one in found]


def _handed_over(case: Case) -> Iterator[Case]:
    task = Q(kind=Link.Kind.PART_OF, case__type=TASK)
    document = Q(kind=Link.Kind.RAISED_BY, case__type=procedures.PROCEDURE)
    links = Link.objects.filter(task | document, other=case).order_by("case")
    yield from (link.case for link in links.select_related("case__unit", "case__revision", "case__assignee"))


def may_hand_over(access: Access, case: Case, tool: str) -> bool:
    """Whether someone may open the tasks that a tool calls for, in each department, and the project is at work."""
    rule, sheet, form = improvement().tools[tool].tasks, workspace.sheets(case).get(tool), case_types()[TASK]
    at_work = case.state == workspace.WORKING and workspace.on_team(access, case) and may_open(access, form)
    if rule is None or not at_work:
        return False
    rows = _rows(rule, sheet.values) if sheet and rule.department else []
    named = {row.get(rule.department) for row in rows} if rule.department else {case.unit_id}
    return all(may_open(access, form, unit) for unit in Unit.objects.filter(pk__in=named - {None}))


@transaction.atomic
def hand_over(case: Case, tool: str, by: Any) -> list[Case]:
    """Open the tasks that a tool calls for and that aren't open yet, and hand them to their departments.

    Raises:
        Refused: if something is missing or wrong in the tool, or there is nothing new to hand over.
        PermissionDenied: if the person may open no tasks for one of the departments; none is opened then.
    """
    Case.objects.select_for_update().get(pk=case.pk)  # pressed twice, the second one sees what the first one opened
    rule = improvement().tools[tool].tasks
    sheet = workspace.sheets(case).get(tool)
    if rule is None or sheet is None:
        raise Refused(_("Fill in this tool and save it first."))
    known = {(one.unit_id, one.title) for one in _handed_over(case) if one.type == TASK and one.state != DROPPED}
    wanted = [_values(case, rule, sheet.values, row) for row in _rows(rule, sheet.values)]
    fresh = [one for one in wanted if (one["department"], one["subject"]) not in known]
    if not fresh:
        raise Refused(_("There is nothing to hand over that was not handed over before."))
    with filled_in_for(case_types()[TASK]):
        opened = [_handed(case, values, by) for values in fresh]
    if rule.revises is not None:
        with filled_in_for(case_types()[procedures.PROCEDURE]):
            procedures.revise(rule.revises, sheet.values, case, opened[0], by)
    return opened


def _rows(rule: TaskRule, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(values.get(rule.rows) or []) if rule.rows else [values]


def _values(case: Case, rule: TaskRule, values: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    if not row.get(rule.deadline) or (rule.rows is None and not row.get(rule.owner)):
        raise Refused(_("Say who does it and by when, and save; then hand it over."))
    words = {name: value for name, value in values.items() if isinstance(value, str)}
    text = "\n".join(str(values[name]) for name in rule.description if values.get(name))
    length = case_types()[TASK].fields["subject"].max_length
    return {
        "subject": workspace.said(rule.subject).format_map(defaultdict(str, words, project=case.title))[:length],
        "description": text,
        "department": row[rule.department] if rule.department else case.unit_id,
        "owner": row.get(rule.owner),
        "priority": "normal",
        "deadline": row[rule.deadline],
        "basis": case.number,
    }


def _handed(case: Case, values: dict[str, Any], by: Any) -> Case:
    unit = Unit.objects.get(pk=values["department"])
    task = open_case(TASK, values, by, unit, links=[(Link.Kind.PART_OF, case)])
    return move(task, "assign", {}, by, task.version)
