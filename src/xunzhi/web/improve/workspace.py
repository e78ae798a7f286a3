"""A project at work: the steps of its method, and their tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from xunzhi.standards import Label
from xunzhi.standards.improvement import Step, Tool
from xunzhi.web.audit.services import record
from xunzhi.web.cases import access as case_access
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.values import parsed
from xunzhi.web.improve.models import StepDone, ToolSheet
from xunzhi.web.improve.standards import improvement, method_of
from xunzhi.web.improve.tools import OUTCOMES, Outcome
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access

WORKING = "running"
"""The state of a project in which its tools can be filled in."""


def said(label: Label) -> str:
    """A label in the reader's language."""
    return in_language(label)


def steps(case: Case) -> list[tuple[str, Step]]:
    """The steps of the project's method, in order."""
    return list(method_of(case).steps.items())


def done(case: Case) -> dict[str, StepDone]:
    """The steps that are finished."""
    return {step.step: step for step in case.steps_done.select_related("done_by__person")}


def sheets(case: Case) -> dict[str, ToolSheet]:
    """The tools that were filled in."""
    return {sheet.tool: sheet for sheet in case.tool_sheets.all()}


def outcome(case: Case, tool: str, values: Mapping[str, Any]) -> Outcome:
    """What the program makes of a tool; empty for tools that are only kept."""
    form = improvement().tools[tool]
    if not form.outcome:
        return Outcome()
    around = {"institution": case.institution, "names": _own_units(case)}
    return OUTCOMES[form.outcome](_readable(form, values) | around)


def _own_units(case: Case) -> dict[str, str]:
    """The units of a project, which its tools may call by name: code → name."""
    own = Q(path__startswith=case.unit.path) | Q(pk__in=case.participants.all())
    return dict(Unit.objects.filter(own).values_list("code", "name"))


def _readable(tool: Tool, values: Mapping[str, Any]) -> dict[str, Any]:
    """Choices of table cells as people read them."""
    shown = dict(values)
    for name, field in tool.fields.items():
        for column, spec in field.columns.items():
            if spec.options and isinstance(shown.get(name), list):
                shown[name] = [
                    {**row, column: said(spec.options[row[column]])} if row.get(column) in spec.options else row
                    for row in shown[name]
                ]
    return shown


def prefilled(case: Case, tool: str) -> dict[str, Any]:
    """What is in a tool's form: what was filled in, else what other tools carry on to it."""
    filled = sheets(case)
    values = dict(filled[tool].values) if tool in filled else {}
    for field, source in improvement().tools[tool].takes.items():
        other, _dot, carried = source.partition(".")
        if not values.get(field) and other in filled:
            found = outcome(case, other, filled[other].values).carries.get(carried)
            if found is not None:
                values[field] = round(found, 4) if isinstance(found, float) else found
    return values


def on_team(access: Access, case: Case) -> bool:
    """Whether someone works on the project: its leader, coach, opener, members of the circle, and who may move it."""
    person = access.person
    if person is None:
        return False
    members = {case.values.get("leader"), case.values.get("coach")}
    circle = case.tool_sheets.filter(tool="circle_members").first()
    if circle is not None:
        members |= {row.get("member") for row in circle.values.get("members") or ()}
    return person.pk in members or case.opened_by_id == access.user.pk or case_access.may_edit(access, case)


def _require_team(case: Case, by: Any) -> None:
    if case.state != WORKING:
        raise Refused(_("The tools can be filled in while the project is running."))
    if not on_team(by.access, case):
        raise PermissionDenied(_("Only the team of the project fills in its tools."))


@transaction.atomic
def save_tool(case: Case, tool: str, given: Mapping[str, Any], by: Any, version: int) -> ToolSheet:
    """Keep a tool as filled in. `by` is the request; `version` the one seen, 0 for a new sheet.

    Raises:
        Invalid: with every mistake, by field.
        Refused: if someone else kept it meanwhile (nothing of theirs is overwritten), or it isn't the time for it.
        PermissionDenied: if it is not this person's project.
    """
    _require_team(case, by)
    form = improvement().tools[tool]
    values, errors = {}, {}
    for name, field in form.fields.items():
        try:
            value = parsed(field, given.get(name))
        except Invalid as error:
            errors.update({f"{name}.{place}": text for place, text in error.errors.items()})
        except ValueError as error:
            errors[name] = str(error)
        else:
            if value is not None:
                values[name] = value
    if errors:
        raise Invalid(errors)
    if version == 0:
        sheet, fresh = ToolSheet.objects.get_or_create(
            case=case, tool=tool, defaults={"values": values, "changed_by": by.user}
        )
    else:
        rows = ToolSheet.objects.filter(case=case, tool=tool, version=version)
        fresh = bool(rows.update(values=values, changed_by=by.user, version=F("version") + 1))
        sheet = ToolSheet.objects.get(case=case, tool=tool)
    if not fresh:
        text = _("%(who)s has saved this tool meanwhile. Copy your entries, load the page again, and add them.")
        raise Refused(text % {"who": sheet.changed_by})
    record(by, "project.tool", f"case {case.number}", detail={"tool": tool}, institution=case.institution)
    return sheet


@transaction.atomic
def finish_step(case: Case, step: str, by: Any) -> None:
    """Tick a step.

    Raises:
        Refused: if a tool that it needs is still empty.
    """
    _require_team(case, by)
    spec = dict(steps(case))[step]
    filled = sheets(case)
    for tool in spec.needs:
        if tool not in filled or not filled[tool].values:
            raise Refused(_("Fill in “%(tool)s” first.") % {"tool": said(improvement().tools[tool].label)})
    StepDone.objects.get_or_create(case=case, step=step, defaults={"done_by": by.user})
    record(by, "project.step", f"case {case.number}", detail={"step": step}, institution=case.institution)


@transaction.atomic
def reopen_step(case: Case, step: str, by: Any) -> None:
    """Take back the tick of a step."""
    _require_team(case, by)
    case.steps_done.filter(step=step).delete()
    record(by, "project.step_reopened", f"case {case.number}", detail={"step": step}, institution=case.institution)
