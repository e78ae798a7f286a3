"""What is wrong with a case type that fits the schema: names that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import TYPE_CHECKING

from xunzhi.standards.case_words import COLUMNS, LAKE_COLUMNS, RELATIONS, TEXT_NAMES
from xunzhi.standards.expressions import Condition, mistakes
from xunzhi.standards.forms import FieldType, choices_of, form_mistakes
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import Label
from xunzhi.standards.yaml_source import Loc

if TYPE_CHECKING:
    from xunzhi.standards.cases import CaseType, LakeMapping, Transition
    from xunzhi.standards.pack import Pack

Mistakes = Iterator[tuple[Loc, str]]

_NUMBER = re.compile(r"[^{}]*(\{yyyy\}|\{yy\})?[^{}]*(\{mm\})?[^{}]*\{0+\}[^{}]*")


def case_mistakes(case_type: CaseType, pack: Pack, roles: Iterable[str]) -> Mistakes:
    """Every mistake in a case type of a pack with some roles, and where it stands."""
    yield from form_mistakes(case_type.sections, LAKE_COLUMNS)
    yield from _head(case_type)
    yield from _states(case_type)
    for name, step in case_type.transitions.items():
        yield from _transition(case_type, name, step)
    yield from _parties(case_type, frozenset(roles))
    yield from _conditions(case_type)
    yield from _listing(case_type)
    if f"case_{case_type.case}" in pack.tables:
        yield (
            ("case",),
            f"its table in the lake would be case_{case_type.case}, which is another one; choose another name",
        )
    if case_type.lake is not None:
        yield from _lake(case_type, case_type.lake, pack)


def _head(case_type: CaseType) -> Mistakes:
    """Number, title and the fields that have a part to play."""
    if not _NUMBER.fullmatch(case_type.number):
        yield ("number",), 'must be such as "ZG-{yyyy}{mm}-{0000}": year, month if any, and zeros for the digits'
    elif "{mm}" in case_type.number and "{yy" not in case_type.number:
        yield ("number",), "has a month but no year; numbers would come again a year later"
    yield from _text(("title",), case_type.title, case_type.fields)
    roles: list[tuple[Loc, str | None, FieldType]] = [
        (("unit",), case_type.unit, FieldType.UNIT),
        (("assignee",), case_type.assignee, FieldType.PERSON),
        *((("participants", index), name, FieldType.UNIT) for index, name in enumerate(case_type.participants)),
    ]
    for loc, name, kind in roles:
        if name is not None and (name not in case_type.fields or case_type.fields[name].type is not kind):
            yield loc, f"{name!r} must be a field of type {kind}"


def _states(case_type: CaseType) -> Mistakes:
    known = set(case_type.states)
    for index, section in enumerate(case_type.sections):
        yield from _unknown(("sections", index, "open_in"), "state", section.open_in, known)
    if case_type.lake:
        yield from _unknown(("lake", "without"), "state", case_type.lake.without, known)
    reached = {case_type.initial} | {step.to for step in case_type.transitions.values() if step.to}
    for state in sorted(known - reached):
        yield ("states", state), "is never entered; add a transition to it, or drop it"


def _transition(case_type: CaseType, name: str, step: Transition) -> Mistakes:
    at: Loc = ("transitions", name)
    yield from _unknown((*at, "from"), "state", step.start, set(case_type.states))
    yield from _unknown((*at, "to"), "state", [step.to] if step.to else [], set(case_type.states))
    for part in ("needs", "asks"):
        yield from _unknown((*at, part), "field", getattr(step, part), set(case_type.fields))
    if step.due is not None:
        field = case_type.fields.get(step.due)
        if field is None or field.type not in (FieldType.DATE, FieldType.DATETIME):
            yield (*at, "due"), f"{step.due!r} must be a field of type date or datetime"
    for index, tell in enumerate(step.tells):
        yield from _text((*at, "tells", index, "text"), tell.text, TEXT_NAMES)


def _parties(case_type: CaseType, roles: frozenset[str]) -> Mistakes:
    """Parties that are neither role nor relation nor a field with persons or units."""
    for loc, parties in _all_parties(case_type):
        for party in parties:
            field = case_type.fields.get(party.removeprefix("field:")) if party.startswith("field:") else None
            people = field is not None and field.type in (FieldType.PERSON, FieldType.UNIT)
            everywhere = loc[-1] == "to" and party.removeprefix("all:") in roles
            if not people and not everywhere and party not in {*roles, *RELATIONS}:
                yield loc, unknown("role or relation", party, roles | set(RELATIONS))
            if party == "responsible" and loc[-1] == "responsible":
                yield loc, "says who is responsible by whom is responsible; name the parties"
            if case_type.anonymous and party == "opener":
                yield loc, "nobody knows the opener of an anonymous case"


def _all_parties(case_type: CaseType) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    yield ("open_by",), case_type.open_by
    for name, state in case_type.states.items():
        yield ("states", name, "responsible"), state.responsible
    for name, step in case_type.transitions.items():
        yield ("transitions", name, "by"), step.by
        for index, tell in enumerate(step.tells):
            yield ("transitions", name, "tells", index, "to"), tell.to
    for index, rung in enumerate(case_type.ladder):
        yield ("ladder", index, "to"), rung.to


def _conditions(case_type: CaseType) -> Mistakes:
    options = {name: choices_of(field) for name, field in case_type.fields.items()}
    conditions: list[tuple[Loc, Condition]] = [
        *((("raises", index, "when"), rule.when) for index, rule in enumerate(case_type.raises)),
        *((("checks", index, "require"), check.require) for index, check in enumerate(case_type.checks)),
        *((("transitions", name, "when"), step.when) for name, step in case_type.transitions.items() if step.when),
    ]
    for loc, condition in conditions:
        yield from ((loc, found) for found in mistakes(condition, options))
    for index, check in enumerate(case_type.checks):
        yield from _unknown(("checks", index, "field"), "field", [check.field], set(case_type.fields))


def _listing(case_type: CaseType) -> Mistakes:
    known = {*COLUMNS, *(f"field.{name}" for name in case_type.fields)}
    for part in ("columns", "board", "filters"):
        yield from _unknown(("listing", part), "column", getattr(case_type.listing, part), known)


def _lake(case_type: CaseType, lake: LakeMapping, pack: Pack) -> Mistakes:
    table = pack.tables.get(lake.table)
    if table is None:
        yield ("lake", "table"), unknown("table", lake.table, set(pack.tables))
        return
    steps = [f"{which}.{name}" for which in ("first", "last") for name in case_type.transitions]
    known = {*COLUMNS, *(f"field.{name}" for name in case_type.fields), *steps}
    for column, origin in lake.columns.items():
        at: Loc = ("lake", "columns", column)
        if column not in table.columns:
            yield at, unknown("column", column, set(table.columns))
        if isinstance(origin, str):
            yield from _unknown(at, "origin", [origin], known)
        elif isinstance(origin, tuple):
            yield from _unknown(at, "step", origin, set(steps))
        else:
            yield from _unknown(at, "state", origin, set(case_type.states))
    for column in sorted(name for name, spec in table.columns.items() if spec.required and name not in lake.columns):
        yield ("lake", "columns"), f"lacks {column!r}, which every row of {lake.table} needs"


def _text(loc: Loc, text: str | Label, known: Iterable[str]) -> Mistakes:
    for one in (text,) if isinstance(text, str) else (text.zh, text.en):
        try:
            named = [name for _, name, _, _ in Formatter().parse(one) if name is not None]
        except ValueError as error:
            yield loc, f"{error}; braces hold the names of fields"
            continue
        yield from _unknown(loc, "name", named, set(known))


def _unknown(loc: Loc, kind: str, names: Iterable[str] | Mapping[str, object], known: set[str]) -> Mistakes:
    yield from ((loc, unknown(kind, name, known)) for name in names if name not in known)
