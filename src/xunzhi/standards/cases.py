"""cases/*.yaml: the kinds of case that a hospital handles, from the form to the last state.

A case type is a form (sections of fields), states, and transitions between them. Who acts is said in *parties*: a role
of roles.yaml, which counts where it reaches the unit of the case; a relation to the case, such as `opener` or
`unit_head` (case_words.RELATIONS); or `field:NAME`, the persons or units that a field names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from xunzhi.standards.case_checks import case_mistakes
from xunzhi.standards.case_words import TERM
from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.expressions import Condition
from xunzhi.standards.forms import FormField, Name, Section
from xunzhi.standards.roles import Secrecy, load_roles
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import NAME, Label, Standard
from xunzhi.standards.yaml_source import Loc, Source, load_yaml

if TYPE_CHECKING:
    from xunzhi.standards.pack import Pack


class State(Standard):
    """A state that a case can be in, and the parties responsible for the next step."""

    label: Label
    kind: Literal["open", "waiting", "done"]
    responsible: tuple[str, ...] = ()
    hint: Label | None = Field(default=None, description="what is asked of them, in one sentence")
    private: bool = Field(
        default=False,
        description="the units around don't see it: only its opener, persons named, and who sees everything",
    )
    rests: bool = Field(
        default=False, description="nothing is to be done until the deadline comes near; only then it waits for anyone"
    )


class Tell(Standard):
    """Who is told what on a transition; texts may name {number} {title} {unit} {due} {by} {state} {comment}."""

    to: tuple[str, ...] = Field(min_length=1)
    text: Label


class Transition(Standard):
    """A step: from some states to another one, or staying there if `to` is absent."""

    label: Label
    start: tuple[str, ...] = Field(alias="from", min_length=1)
    to: str | None = None
    by: tuple[str, ...] = Field(default=(), description="parties; none: only the program")
    needs: tuple[str, ...] = Field(default=(), description="fields that must be filled in")
    asks: tuple[str, ...] = Field(default=(), description="fields to fill in at this step, wherever their section is")
    when: Condition | None = Field(default=None, description="without it the step is not offered")
    guards: tuple[str, ...] = Field(default=(), description="checks of the program, by name (case_rules.py)")
    effects: tuple[str, ...] = Field(default=(), description="what the program does then, by name (case_rules.py)")
    within: str | None = Field(default=None, pattern=TERM, description="deadline in the state that is entered")
    due: str | None = Field(default=None, description="field with the date or time of that deadline")
    keeps_due: bool = Field(default=False, description="the deadline stays as it is")
    comment: Literal["required", "optional", "none"] = "optional"
    sign: bool = Field(default=False, description="the person confirms who he is, and signs")
    round: bool = Field(default=False, description="begins another round; rounds are counted from 1")
    confirm: Label | None = Field(default=None, description="asked before a step that is hard to take back")
    style: Literal["primary", "secondary", "danger"] = "secondary"
    tells: tuple[Tell, ...] = ()

    @model_validator(mode="after")
    def _one_deadline(self) -> Transition:
        if (self.within is not None) + (self.due is not None) + self.keeps_due > 1:
            raise ValueError("say one of within, due and keeps_due")
        return self


class Step(Standard):
    """A step of the ladder of reminders: so long before or after the deadline (or at it), these are told."""

    before: str | None = Field(default=None, pattern=TERM)
    after: str | None = Field(default=None, pattern=TERM)
    to: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_side(self) -> Step:
        if self.before and self.after:
            raise ValueError("say before or after, not both; neither means at the deadline")
        return self


class Raise(Standard):
    """Under a condition, a case is at least this secret."""

    when: Condition
    to: Secrecy


class Check(Standard):
    """A condition that the values must fulfil; `field` is where the form says that they don't."""

    require: Condition
    label: Label
    field: str


class LakeMapping(Standard):
    """How cases become rows of a table of the pack, so that indicators compute from them.

    A column comes from what every case has (case_words.COLUMNS), from `field.NAME`, from `first.TRANSITION` (when that
    step was taken for the first time) or `last.TRANSITION` (when it was last taken in the current round), from the
    latest of several such times, or from the state by a mapping {state: value}. Cases in the states `without` have no
    row.
    """

    table: str
    columns: dict[str, str | tuple[str, ...] | dict[str, bool | int | float | str]]
    without: tuple[str, ...] = ()


class Listing(Standard):
    """Columns of the list; what cards of the board show; fields to filter by."""

    columns: tuple[str, ...] = ("number", "title", "state", "unit", "assignee", "due_at")
    board: tuple[str, ...] = ("unit", "assignee", "due_at")
    filters: tuple[str, ...] = ()


class CaseType(Standard):
    """A kind of case. The first of `states` is where a case begins."""

    case: str = Field(pattern=NAME)
    label: Label
    meaning: Label | None = None
    icon: str = "clipboard-list"
    order: int = 50
    number: str = Field(description='such as "ZG-{yyyy}{mm}-{0000}": without gaps for an institution, type and period')
    opener: Literal["named", "anonymous"] = "named"
    open_by: tuple[str, ...] = Field(min_length=1, description="parties who may open one")
    unit: str | None = Field(default=None, description="field that says whose case it is; else the opener's unit")
    participants: tuple[str, ...] = Field(default=(), description="fields with the units that take part")
    assignee: str | None = Field(default=None, description="field with the person it is assigned to")
    title: str = Field(description="texts and fields in braces: '{problem}'")
    secrecy: Secrecy = Secrecy.INTERNAL
    raises: tuple[Raise, ...] = ()
    sections: tuple[Section, ...] = Field(min_length=1)
    checks: tuple[Check, ...] = ()
    states: dict[Name, State] = Field(min_length=2)
    transitions: dict[Name, Transition] = Field(min_length=1)
    ladder: tuple[Step, ...] = ()
    listing: Listing = Listing()
    print_template: str = Field(default="case", pattern=NAME)
    lake: LakeMapping | None = None

    @cached_property
    def fields(self) -> Mapping[str, FormField]:
        """All fields in the order of the form."""
        return {name: field for section in self.sections for name, field in section.fields.items()}

    @property
    def initial(self) -> str:
        """The state in which a case begins."""
        return next(iter(self.states))

    @property
    def anonymous(self) -> bool:
        """Whether nothing may lead from a case to who opened it."""
        return self.opener == "anonymous"

    def open_fields(self, state: str, transition: str | None = None) -> frozenset[str]:
        """The fields that may be filled in in a state, or at a step out of it."""
        asked = self.transitions[transition].asks + self.transitions[transition].needs if transition else ()
        return frozenset(asked) | {
            name for section in self.sections if state in section.open_in for name in section.fields
        }

    def leaving(self, state: str) -> dict[str, Transition]:
        """The transitions out of a state, by name."""
        return {name: step for name, step in self.transitions.items() if state in step.start}

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The case type as JSON; :meth:`model_validate` reads it again."""
        return self.model_dump(mode="json", by_alias=True)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with anything in the case type."""
        text = json.dumps(self.spec, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_case_types(pack: Pack) -> Mapping[str, CaseType]:
    """Read the case types of a pack, in their order; a pack that extends another one may define one anew.

    Once a pack is loaded they are `pack.cases`.

    Raises:
        StandardsError: with every problem found: file, line, field, what to do.
    """
    files = [file for folder in pack.layers for file in sorted((folder / "cases").glob("*.yaml"))]
    roles = frozenset(load_roles(pack).roles) if files else frozenset()
    found: dict[str, CaseType] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            source = load_yaml(file)
            case_type = _read(source, pack)
        except StandardsError as error:
            problems += error.problems
            continue
        problems += [source.problem(loc, message) for loc, message in case_mistakes(case_type, pack, roles)]
        found[case_type.case] = case_type
    if problems:
        raise StandardsError(problems)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def _read(source: Source, pack: Pack) -> CaseType:
    """The case type of a file. Choices that name a code list get its codes as their own options, for lists change."""
    problems: list[Problem] = []

    def complete(loc: Loc, fields: Any) -> None:
        for name, field in fields.items() if isinstance(fields, dict) else ():
            if not isinstance(field, dict):
                continue
            codes, at = field.get("codes"), (*loc, name)
            if isinstance(codes, str) and codes in pack.codes:
                field["options"] = {code: entry.label.model_dump() for code, entry in pack.codes[codes].codes.items()}
            elif codes is not None:
                problems.append(source.problem((*at, "codes"), unknown("code list", str(codes), set(pack.codes))))
            complete((*at, "columns"), field.get("columns"))

    sections = source.data.get("sections") if isinstance(source.data, dict) else None
    for index, section in enumerate(sections if isinstance(sections, list) else ()):
        complete(("sections", index, "fields"), section.get("fields") if isinstance(section, dict) else None)
    if problems:
        raise StandardsError(problems)
    return source.validate(CaseType)
