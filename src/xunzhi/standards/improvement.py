"""improve.yaml: the methods of improvement, step by step, the forms of their tools, and what projects are judged by."""

from __future__ import annotations

from pydantic import Field

from xunzhi.standards.errors import Problem
from xunzhi.standards.forms import FormField, Name
from xunzhi.standards.layered import load_layered
from xunzhi.standards.pack import Pack
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import Label, Standard
from xunzhi.standards.yaml_source import Source


class RevisionRule(Standard):
    """The document that a task is to revise, by fields of the tool: its number, its name, what changes in it.

    One that isn't in the register yet is drafted there, as a document of that `kind`.
    """

    number: str
    name: str
    change: str
    kind: str


class TaskRule(Standard):
    """Tasks that a tool hands over to departments: each a case `task` that is part of the project.

    With `rows`, one for each row of that table, whose columns the other names are; else one from the fields. Without
    `department` it is for the department of the project. `subject` may name fields and {project} in braces.
    """

    label: Label
    subject: Label
    rows: str | None = None
    department: str | None = None
    owner: str
    deadline: str
    description: tuple[str, ...] = Field(default=(), description="fields of the tool that say what is to be done")
    revises: RevisionRule | None = None


class Tool(Standard):
    """A tool as a form, and what is computed from it.

    `takes`: for a field that is still empty, what another tool of the project carries on ("pareto.focus").
    """

    label: Label
    help: Label
    outcome: str | None = Field(default=None, description="what the program computes from it, by name; none: only kept")
    fields: dict[Name, FormField] = Field(min_length=1)
    takes: dict[str, str] = Field(default={})
    source: Label | None = Field(default=None, description="where a formula comes from")
    verified: bool = True
    shown: bool = Field(default=True, description="stands in the report that the whole hospital may read")
    tasks: TaskRule | None = None


class Step(Standard):
    """A step of a method: what is done in it, with which tools; `needs` must be filled in before it is done."""

    label: Label
    guide: Label
    stage: Label | None = Field(default=None, description="the part of the PDCA cycle that it belongs to")
    tools: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Method(Standard):
    """A way to improve: its steps in order."""

    label: Label
    meaning: Label
    steps: dict[Name, Step] = Field(min_length=2)


class Criterion(Standard):
    """Something that judges give points for."""

    label: Label
    points: int = Field(gt=0, description="at most")
    help: Label | None = None


class Sheet(Standard):
    """What judges fill in."""

    label: Label
    criteria: dict[Name, Criterion] = Field(min_length=1)

    @property
    def points(self) -> int:
        """The most that can be had."""
        return sum(criterion.points for criterion in self.criteria.values())


class Improvement(Standard):
    """The content of improve.yaml."""

    tools: dict[Name, Tool]
    methods: dict[Name, Method]
    sheets: dict[Name, Sheet]


def load_improvement(pack: Pack) -> Improvement:
    """The methods and tools of a pack; of a pack that extends another one, its own entries come last.

    Raises:
        StandardsError: if improve.yaml is missing or wrong, or a step names a tool that isn't there.
    """
    return load_layered(pack, "improve.yaml", Improvement, _mistakes)


def _mistakes(source: Source, part: Improvement, merged: Improvement) -> list[Problem]:
    """Names that lead nowhere."""
    problems = []
    for name, method in part.methods.items():
        for key, step in method.steps.items():
            at = ("methods", name, "steps", key)
            problems += [
                source.problem((*at, "tools"), unknown("tool", tool, set(merged.tools)))
                for tool in step.tools
                if tool not in merged.tools
            ]
            problems += [
                source.problem((*at, "needs"), f"{tool!r} is no tool of this step; add it to tools")
                for tool in step.needs
                if tool not in step.tools
            ]
    for name, tool in part.tools.items():
        problems += _task_mistakes(source, name, tool)
        for field, taken in tool.takes.items():
            at = ("tools", name, "takes", field)
            if field not in tool.fields:
                problems.append(source.problem(at, unknown("field", field, set(tool.fields))))
            if taken.partition(".")[0] not in merged.tools:
                problems.append(source.problem(at, unknown("tool", taken.partition(".")[0], set(merged.tools))))
    return problems


def _task_mistakes(source: Source, name: str, tool: Tool) -> list[Problem]:
    """Fields that the rule for tasks names, but the tool doesn't have."""
    rule = tool.tasks
    if rule is None:
        return []
    table = tool.fields[rule.rows].columns if rule.rows in tool.fields else {}
    inner = table if rule.rows else tool.fields
    named = [("rows", rule.rows, tool.fields), *(("description", one, tool.fields) for one in rule.description)]
    named += [(part, getattr(rule, part), inner) for part in ("department", "owner", "deadline")]
    if rule.revises is not None:
        named += [("revises", getattr(rule.revises, part), tool.fields) for part in ("number", "name", "change")]
    return [
        source.problem(("tools", name, "tasks", part), unknown("field", field, set(known)))
        for part, field, known in named
        if field is not None and field not in known
    ]
