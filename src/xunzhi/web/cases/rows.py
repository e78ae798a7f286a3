"""Cases as rows of a list, cards of a board, lines of a file: only the columns that are shown are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from xunzhi.standards.cases import CaseType
from xunzhi.web.cases.labels import Names
from xunzhi.web.cases.models import SECRECIES, Case, CaseTypeRevision
from xunzhi.web.installation import in_language

LABELS = {
    "number": gettext_lazy("Number"),
    "title": pgettext_lazy("of a case", "Title"),
    "state": gettext_lazy("State"),
    "unit": gettext_lazy("Unit"),
    "opened_by": gettext_lazy("Opened by"),
    "assignee": gettext_lazy("Assigned to"),
    "opened_at": gettext_lazy("Opened"),
    "entered_state_at": gettext_lazy("In this state since"),
    "due_at": gettext_lazy("Due"),
    "closed_at": gettext_lazy("Closed"),
    "round": gettext_lazy("Round"),
    "secrecy": gettext_lazy("Secrecy"),
    "institution": gettext_lazy("Institution"),
}
ALWAYS = ("pk", "number", "title", "state", "stage", "version", "due_at", "secrecy", "revision_id")
NAMED = {
    "unit": ("unit__name",),
    "assignee": ("assignee__name",),
    "opened_by": ("opened_by__person__name", "opened_by__username"),
}
"""Columns that name something, and what is read for them: the first that isn't empty is the name."""

Record = Mapping[str, Any]
"""A case as it was read: {column: value}."""


class Cell(NamedTuple):
    """What stands in a column of a row."""

    column: str
    text: str
    value: Any = None


class Row(NamedTuple):
    """A case with the texts of some columns; `late`: its deadline has passed."""

    record: Record
    cells: list[Cell]
    late: bool


def read(cases: QuerySet[Case], columns: Collection[str]) -> list[Record]:
    """Cases with what some columns need, and links to them."""
    wanted = dict.fromkeys(ALWAYS)
    for column in columns:
        if not column.startswith("field."):
            wanted |= dict.fromkeys(NAMED.get(column, (column,)))
    if any(column.startswith("field.") for column in columns):
        wanted["values"] = None
    return list(cases.values(*wanted))


def in_order(ids: Sequence[int], columns: Collection[str]) -> list[Record]:
    """The cases with some ids, in the order of these."""
    found = (
        {record["pk"]: record for record in read(Case.objects.filter(pk__in=ids).order_by(), columns)} if ids else {}
    )
    return [found[pk] for pk in ids if pk in found]


def label_of(form: CaseType, column: str) -> str:
    """The heading of a column."""
    if column.startswith("field."):
        return in_language(form.fields[column.removeprefix("field.")].label)
    return str(LABELS[column])


def rows(records: Iterable[Record], columns: Collection[str], names: Names | None = None) -> list[Row]:
    """Cases with the texts of some columns; what is sensitive is hidden. Each case is read with its own form.

    `names` are those behind the fields among the columns; they are looked up if they aren't given.
    """
    records, now = list(records), timezone.now()
    forms = forms_of(record["revision_id"] for record in records)
    if names is None:
        names = _names(records, forms, [name.removeprefix("field.") for name in columns if name.startswith("field.")])
    said = _Words(names)
    return [
        Row(
            record,
            [said.cell(record, forms[record["revision_id"]], column) for column in columns],
            _late(record, now),
        )
        for record in records
    ]


def _names(records: list[Record], forms: Mapping[int, CaseType], fields: list[str]) -> Names:
    """The names behind some fields."""
    shown = ({name: record["values"].get(name) for name in fields} for record in records if fields)
    return Names.of(zip((forms[record["revision_id"]] for record in records), shown, strict=False))


def _late(record: Record, now: datetime) -> bool:
    return record["stage"] != Case.Stage.DONE and record["due_at"] is not None and record["due_at"] < now


class _Words:
    """What stands in the cells of one page; what many of them say is put into words once."""

    def __init__(self, names: Names):
        self.names = names
        self._known: dict[tuple[int, str, str], str] = {}

    def cell(self, record: Record, form: CaseType, column: str) -> Cell:
        """What stands in a column."""
        if column.startswith("field."):
            value = record["values"].get(column.removeprefix("field."))
            return Cell(column, self._once(record, column, value, lambda: self._field(form, column, value)))
        value = record[column] if column not in NAMED else next(filter(None, map(record.get, NAMED[column])), "")
        if column == "state":
            return Cell(column, self._once(record, column, value, lambda: in_language(form.states[value].label)))
        if column == "secrecy":
            return Cell(column, str(dict(SECRECIES)[value]))
        if isinstance(value, datetime):
            return Cell(column, timezone.localtime(value).date().isoformat(), value)
        return Cell(column, "" if value is None else str(value), value)

    def _field(self, form: CaseType, column: str, value: Any) -> str:
        spec = form.fields.get(column.removeprefix("field."))
        return self.names.text(spec, value, masked=True) if spec else ""

    def _once(self, record: Record, column: str, value: Any, worded: Callable[[], str]) -> str:
        if not isinstance(value, str):
            return worded()
        key = record["revision_id"], column, value
        if key not in self._known:
            self._known[key] = worded()
        return self._known[key]


_FORMS: dict[int, CaseType] = {}


def forms_of(revisions: Iterable[int]) -> Mapping[int, CaseType]:
    """The forms of revisions, by id; revisions never change, so each is read once in a process."""
    missing = set(revisions) - _FORMS.keys()
    for revision in CaseTypeRevision.objects.filter(pk__in=missing) if missing else ():
        _FORMS[revision.pk] = revision.form
    return _FORMS
