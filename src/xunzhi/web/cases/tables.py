"""Cases as tables of the lake, whole at each writing, so that late edits, withdrawals and deleted rows follow.

Each case type fills its own tables (standards/case_tables.py) and, where it says so, rows of another table of the pack.
Of cases that are more than internal, free text stays out of the lake; they still count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
from django.utils import timezone

from xunzhi.lake import Lake, Transaction
from xunzhi.lake.files import listed
from xunzhi.standards import Table
from xunzhi.standards.case_tables import table_name
from xunzhi.standards.cases import CaseType, LakeMapping
from xunzhi.standards.forms import SEARCHED, FieldType, FormField
from xunzhi.standards.roles import Secrecy
from xunzhi.standards.tables import ColumnType
from xunzhi.web.cases.labels import Names
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.schema import as_list

BATCH = 2_000
"""Cases read at once."""

GIVEN = "_cases"
"""The rows at hand, on the connection of a transaction."""

Row = dict[str, Any]

_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.MONEY: pa.string(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us"),
}


def write(lake: Lake, types: Iterable[str] | None = None, progress: Callable[[float, str], None] | None = None) -> int:
    """Bring the lake in line with the cases, as one version; returns how many rows were written or deleted."""
    chosen = [lake.pack.cases[name] for name in (types if types is not None else lake.pack.cases)]
    changed = 0
    with lake.write("cases", wait=True) as transaction:
        for number, case_type in enumerate(chosen):
            if progress:
                progress(number / len(chosen), case_type.label.zh)
            changed += _write_type(transaction, case_type)
    return changed


def _write_type(transaction: Transaction, case_type: CaseType) -> int:
    tables = transaction.lake.tables
    own = tables[table_name(case_type.case)]
    children = {
        name: tables[table_name(case_type.case, name)]
        for name, field in case_type.fields.items()
        if field.type is FieldType.TABLE
    }
    rows_of: dict[str, list[Row]] = {name: [] for name in children}
    batches: dict[str, list[pa.RecordBatch]] = {}
    for found in _cases(case_type.case):
        rows = list(_rows(case_type, found, rows_of))
        _add(batches, own, rows)
        for name, child in children.items():
            _add(batches, child, rows_of[name])
            rows_of[name].clear()
        if case_type.lake is not None:
            target = tables[case_type.lake.table]
            kept = [mapped(case_type.lake, row) for row in rows if row["state"] not in case_type.lake.without]
            gone = [mapped(case_type.lake, row) for row in rows if row["state"] in case_type.lake.without]
            _add(batches, target, kept, case_type.lake.columns)
            _add(batches, target, gone, target.key, "gone")
    changed = sum(_replace(transaction, table, batches.get(table.table, [])) for table in (own, *children.values()))
    if case_type.lake is not None and batches:
        name = case_type.lake.table
        changed += transaction.upsert(name, pa.Table.from_batches(batches[name])).accepted
        changed += transaction.delete(name, pa.Table.from_batches(batches[f"{name} gone"]))
    return changed


def _replace(transaction: Transaction, table: Table, batches: list[pa.RecordBatch]) -> int:
    """Make the rows of a table those given; returns how many differ."""
    transaction.connection.register(GIVEN, pa.Table.from_batches(batches, _schema(table, table.columns)))
    key = listed(table.key)
    gone = (
        f"SELECT {key} FROM ({transaction.view_sql(table.table)}) ANTI JOIN (SELECT {key} FROM {GIVEN}) USING ({key})"
    )
    deleted = transaction.delete(table.table, gone)
    return deleted + transaction.upsert(table.table, f"FROM {GIVEN}").accepted


def _add(
    batches: dict[str, list[pa.RecordBatch]], table: Table, rows: list[Row], columns: Iterable[str] | None = None,
    which: str = "",
) -> None:  # fmt: skip
    schema = _schema(table, columns if columns is not None else table.columns)
    batch = pa.RecordBatch.from_pydict({name: [row.get(name) for row in rows] for name in schema.names}, schema)
    batches.setdefault(f"{table.table} {which}".strip(), []).append(batch)


def _schema(table: Table, columns: Iterable[str]) -> pa.Schema:
    return pa.schema([(name, _ARROW[table.columns[name].type]) for name in columns])


def _cases(case_type: str) -> Iterator[list[Case]]:
    cases = Case.objects.filter(type=case_type).order_by("pk")
    cases = cases.light("assignee", "opened_by__person")
    last = 0
    while found := list(cases.filter(pk__gt=last)[:BATCH]):
        yield found
        last = found[-1].pk


def _rows(case_type: CaseType, cases: list[Case], rows_of: Mapping[str, list[Row]]) -> Iterator[Row]:
    """A row for each case, and into `rows_of` those of the tables in their forms. Two queries, and those for names."""
    steps = _steps(cases)
    names = Names.of((case.form, case.values) for case in cases)
    for case in cases:
        discreet = Secrecy(case.secrecy).rank > Secrecy.INTERNAL.rank
        row = {**_head(case), **steps.get(case.pk, {})}
        if discreet:
            row["title"] = None
        for name, field in case_type.fields.items():
            if name not in case.form.fields or case.form.fields[name].type is not field.type:
                continue
            value = case.values.get(name)
            row.update(_stored(name, field, value, names, discreet=discreet))
            if field.type is FieldType.TABLE:
                rows_of[name].extend(_children(row, field, value or (), names, discreet=discreet))
        yield row


def _head(case: Case) -> Row:
    opener = case.opened_by.person if case.opened_by else None
    return {
        "institution": case.institution,
        "case_number": case.number,
        "title": case.title,
        "state": case.state,
        "stage": case.stage,
        "unit": case.unit.code,
        "opened_by": opener.code if opener else None,
        "assignee": case.assignee.code if case.assignee else None,
        "opened_at": _wall_clock(case.opened_at),
        "entered_state_at": _wall_clock(case.entered_state_at),
        "due_at": _wall_clock(case.due_at),
        "closed_at": _wall_clock(case.closed_at),
        "round": case.round,
        "secrecy": case.secrecy,
    }


def _steps(cases: list[Case]) -> dict[int, Row]:
    """Case → first_STEP, and last_STEP within the round that the case is in."""
    rounds = {case.pk: case.round for case in cases}
    found: dict[int, Row] = {}
    taken = LogEntry.objects.filter(case__in=rounds, kind=LogEntry.Kind.MOVED).order_by("case", "pk")
    for pk, step, turn, at in taken.values_list("case", "transition", "round", "at"):
        times = found.setdefault(pk, {})
        times.setdefault(f"first_{step}", _wall_clock(at))
        if turn == rounds[pk]:
            times[f"last_{step}"] = _wall_clock(at)
    return found


def _children(row: Row, field: FormField, cells: Iterable[Row], names: Names, *, discreet: bool) -> Iterator[Row]:
    common = {name: row[name] for name in ("institution", "case_number", "unit", "state", "opened_at")}
    for number, one in enumerate(cells, start=1):
        child = {**common, "row": number}
        for name, column in field.columns.items():
            child.update(_stored(name, column, one.get(name), names, discreet=discreet))
        yield child


def _stored(name: str, field: FormField, value: Any, names: Names, *, discreet: bool) -> Row:
    """A value as columns of the lake: see standards.case_tables.columns_of."""
    if value is None or (discreet and field.type in SEARCHED):
        return {}
    match field.type:
        case FieldType.PATIENT:
            return {f"{name}_{part}": value.get(part) for part in ("patient_id", "encounter_id")}
        case FieldType.SCALE:
            return {name: value["total"], f"{name}_band": value["band"]}
        case FieldType.TABLE | FieldType.ATTACHMENT:
            return {name: len(value)}
        case FieldType.MULTI_CHOICE:
            return {name: ";".join(value)}
        case FieldType.INDICATOR:
            return {name: ";".join(as_list(value))}
        case FieldType.PERSON:
            return {name: ";".join(names.persons[pk].code for pk in as_list(value) if pk in names.persons)}
        case FieldType.UNIT:
            return {name: ";".join(names.units[pk].code for pk in as_list(value) if pk in names.units)}
        case _:
            return {name: _plain(field, value)}


def _plain(field: FormField, value: Any) -> Any:
    match field.type:
        case FieldType.DATE:
            return date.fromisoformat(value)
        case FieldType.DATETIME:
            return datetime.fromisoformat(value)
        case FieldType.SIGNATURE:
            return datetime.fromisoformat(value["at"])
        case FieldType.MONEY:
            return f"{value:.2f}"
        case FieldType.NUMBER:
            return float(value)
        case _:
            return value


def _wall_clock(moment: datetime | None) -> datetime | None:
    return timezone.make_naive(moment) if moment else None


def mapped(mapping: LakeMapping, row: Row) -> Row:
    """A row of another table, from that of the case."""
    return {column: _timed(_mapped(column, origin, row)) for column, origin in mapping.columns.items()}


def _timed(value: Any) -> Any:
    """A day as the moment at which it begins: Arrow takes that for days and for times."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    return value


def _mapped(column: str, origin: str | tuple[str, ...] | dict[str, Any], row: Row) -> Any:
    if isinstance(origin, dict):
        return origin.get(row["state"])
    if isinstance(origin, tuple):
        return max((moment for one in origin if (moment := _named(column, one, row)) is not None), default=None)
    return _named(column, origin, row)


def _named(column: str, origin: str, row: Row) -> Any:
    kind, _, name = origin.partition(".")
    if kind == "field":
        return row.get(name, row.get(f"{name}_{column}"))
    if name:
        return row.get(f"{kind}_{name}")
    return row.get("case_number" if origin == "number" else origin)
