"""The tables that cases fill in the lake: one for each case type, one more for each table in its form.

Grains and indicators read them like any other table: `case_finding` has a row for each case of the type `finding`,
`case_finding_measures` one for each row of its field `measures`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xunzhi.standards.cases import CaseType
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.standards.tables import Column, ColumnType, Label, Sensitivity, Table

PREFIX = "case_"
KEY = ("institution", "case_number")

_TYPES: Mapping[FieldType, ColumnType] = {
    FieldType.NUMBER: ColumnType.NUMBER,
    FieldType.MONEY: ColumnType.MONEY,
    FieldType.CHOICE: ColumnType.CODE,
    FieldType.DATE: ColumnType.DATE,
    FieldType.DATETIME: ColumnType.DATETIME,
    FieldType.BOOLEAN: ColumnType.BOOLEAN,
    FieldType.SCALE: ColumnType.NUMBER,
    FieldType.TABLE: ColumnType.INTEGER,
    FieldType.ATTACHMENT: ColumnType.INTEGER,
    FieldType.SIGNATURE: ColumnType.DATETIME,
}
"""Numbers stand for a scale (its total), a table (its rows) and files; other types give text."""


def _column(kind: ColumnType, zh: str, en: str, sensitivity: Sensitivity = Sensitivity.OPEN) -> Column:
    return Column(type=kind, label=Label(zh=zh, en=en), sensitivity=sensitivity)


_HEAD = {
    "institution": _column(ColumnType.TEXT, "机构代码", "Institution").model_copy(update={"required": True}),
    "case_number": _column(ColumnType.TEXT, "编号", "Number").model_copy(update={"required": True}),
}
_COMMON = {
    "title": _column(ColumnType.TEXT, "标题", "Title", Sensitivity.INTERNAL),
    "state": _column(ColumnType.TEXT, "状态", "State"),
    "stage": _column(ColumnType.TEXT, "阶段", "Stage"),
    "unit": _column(ColumnType.TEXT, "科室", "Unit"),
    "opened_by": _column(ColumnType.TEXT, "登记人", "Opened by", Sensitivity.INTERNAL),
    "assignee": _column(ColumnType.TEXT, "责任人", "Assigned to", Sensitivity.INTERNAL),
    "opened_at": _column(ColumnType.DATETIME, "登记时间", "Opened"),
    "entered_state_at": _column(ColumnType.DATETIME, "进入当前状态时间", "In this state since"),
    "due_at": _column(ColumnType.DATETIME, "期限", "Due"),
    "closed_at": _column(ColumnType.DATETIME, "关闭时间", "Closed"),
    "round": _column(ColumnType.INTEGER, "轮次", "Round"),
    "secrecy": _column(ColumnType.TEXT, "密级", "Secrecy"),
}


def case_tables(case_types: Mapping[str, CaseType]) -> dict[str, Table]:
    """The tables of some case types, by name."""
    return {table.table: table for case_type in case_types.values() for table in _tables(case_type)}


def table_name(case: str, field: str = "") -> str:
    """The table of a case type, or of a table in its form."""
    return f"{PREFIX}{case}_{field}" if field else f"{PREFIX}{case}"


def _tables(case_type: CaseType) -> Iterator[Table]:
    common = {name: column for name, column in _COMMON.items() if not (case_type.anonymous and name == "opened_by")}
    steps: dict[str, Column] = {}
    for name, step in case_type.transitions.items():
        for which, zh, en in (("first", "首次", "first"), ("last", "本轮", "this round")):
            label = Label(zh=f"{step.label.zh}（{zh}）", en=f"{step.label.en} ({en})")
            steps[f"{which}_{name}"] = Column(type=ColumnType.DATETIME, label=label, sensitivity=Sensitivity.OPEN)
    fields = dict(pair for name, field in case_type.fields.items() for pair in columns_of(name, field))
    yield Table(
        table=table_name(case_type.case),
        label=case_type.label,
        key=KEY,
        month="opened_at",
        columns={**_HEAD, **common, **steps, **fields},
        cases=case_type.case,
    )
    for name, field in case_type.fields.items():
        if field.type is FieldType.TABLE:
            yield _child(case_type, name, field)


def _child(case_type: CaseType, name: str, field: FormField) -> Table:
    """The table for the rows of a table in the form; `unit`, `state` and `opened_at` are those of the case."""
    row = _column(ColumnType.INTEGER, "行号", "Row").model_copy(update={"required": True})
    cells = dict(pair for column, spec in field.columns.items() for pair in columns_of(column, spec))
    return Table(
        table=table_name(case_type.case, name),
        label=Label(zh=f"{case_type.label.zh}：{field.label.zh}", en=f"{case_type.label.en}: {field.label.en}"),
        key=(*KEY, "row"),
        month="opened_at",
        columns={**_HEAD, "row": row, **{one: _COMMON[one] for one in ("unit", "state", "opened_at")}, **cells},
        cases=case_type.case,
    )


def columns_of(name: str, field: FormField) -> Iterator[tuple[str, Column]]:
    """The columns that a field becomes."""
    match field.type:
        case FieldType.PATIENT:
            for part, zh, en in (("patient_id", "患者号", "patient"), ("encounter_id", "就诊号", "encounter")):
                label = Label(zh=f"{field.label.zh}（{zh}）", en=f"{field.label.en} ({en})")
                yield f"{name}_{part}", Column(type=ColumnType.TEXT, label=label, sensitivity=Sensitivity.PERSONAL)
            return
        case FieldType.SCALE:
            band = Label(zh=f"{field.label.zh}（分级）", en=f"{field.label.en} (band)")
            yield f"{name}_band", Column(type=ColumnType.TEXT, label=band, sensitivity=field.sensitivity)
    kind = _TYPES.get(field.type, ColumnType.TEXT)
    codes = field.codes if kind is ColumnType.CODE else None
    unit = field.unit if kind is ColumnType.NUMBER else None
    yield name, Column(type=kind, label=field.label, codes=codes, unit=unit, sensitivity=field.sensitivity)
