"""Lists of cases as Excel files: all fields, real dates and numbers, nothing that could be taken for a formula."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from xunzhi.standards.cases import CaseType
from xunzhi.standards.forms import NUMBERS, FieldType, FormField
from xunzhi.web.cases.labels import Names, is_sensitive
from xunzhi.web.cases.rows import LABELS, Record, forms_of, rows
from xunzhi.web.installation import in_language
from xunzhi.web.sheets import workbook

MOST = 20_000
"""Rows of one file; a list of more is narrowed first."""

COLUMNS = (
    "number", "title", "state", "unit", "assignee", "opened_by", "opened_at", "entered_state_at", "due_at",
    "closed_at", "round", "secrecy",
)  # fmt: skip
TIMES = {"opened_at", "entered_state_at", "due_at", "closed_at"}
Line = list[Any]


def cases_as_workbook(form: CaseType, records: list[Record], note: str, *, masked: bool = True) -> bytes:
    """Cases of one type (see :func:`needed`), one in a line; `masked` hides what is personal or identifying."""
    fields = {name: spec for name, spec in form.fields.items() if spec.type is not FieldType.SIGNATURE}
    head = [*(str(LABELS[column]) for column in COLUMNS), *(in_language(spec.label) for spec in fields.values())]
    return workbook(head, _lines(records, fields, masked=masked), in_language(form.label), note)


def needed(form: CaseType) -> list[str]:
    """The columns of a file."""
    return [*COLUMNS, *(f"field.{name}" for name in form.fields)]


def _lines(records: list[Record], fields: dict[str, FormField], *, masked: bool) -> Iterator[Line]:
    forms = forms_of(record["revision_id"] for record in records)
    for start in range(0, len(records), 500):
        some = records[start : start + 500]
        names = Names.of((forms[record["revision_id"]], record["values"]) for record in some)
        for row in rows(some, COLUMNS, names):
            known, values = forms[row.record["revision_id"]].fields, row.record["values"]
            fixed = [cell.value if cell.column in {*TIMES, "round"} else cell.text for cell in row.cells]
            yield fixed + [_value(known.get(name), values.get(name), names, masked) for name in fields]


def _value(spec: FormField | None, value: Any, names: Names, masked: bool) -> Any:
    if spec is None or value is None:
        return None
    if masked and is_sensitive(spec):
        return names.text(spec, value, masked=True)
    if spec.type in NUMBERS:
        return value
    if spec.type is FieldType.DATE:
        return date.fromisoformat(value)
    if spec.type is FieldType.DATETIME:
        return datetime.fromisoformat(value)
    return names.text(spec, value, masked=masked)
