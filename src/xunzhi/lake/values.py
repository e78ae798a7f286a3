"""Text as it stands in sources, as typed values: SQL expressions that give NULL for what can't be understood."""

from __future__ import annotations

from xunzhi.lake.files import literal
from xunzhi.lake.mapping import SourceSpec
from xunzhi.standards import ColumnType

DATE_FORMATS = (
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y%m%d",
    "%Y.%m.%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日 %H时%M分",
)
EXCEL_SERIAL = r"[2-7]\d{4}(\.\d+)?"
EXCEL_DAY_0 = "TIMESTAMP '1899-12-30'"


def trimmed(text: str) -> str:
    """A text without spaces around it, also full-width ones; NULL if nothing is left."""
    return (
        f"CASE WHEN {text} < '!' OR suffix({text}, ' ') OR prefix({text}, '\u3000') OR suffix({text}, '\u3000') "
        f"THEN nullif(trim({text}, ' \t\r\n\u3000'), '') ELSE {text} END"
    )


def typed(kind: ColumnType, value: str, stored: str, source: SourceSpec) -> str:
    """The SQL for a value of SQL type `stored` as a canonical type; NULL if it is no such value."""
    if stored != "VARCHAR":
        return (
            _whole(f"TRY_CAST({value} AS DOUBLE)", value)
            if _fraction(kind, stored)
            else f"TRY_CAST({value} AS {kind.sql})"
        )
    match kind:
        case ColumnType.TEXT | ColumnType.CODE:
            return value
        case ColumnType.DATE | ColumnType.DATETIME:
            return f"TRY_CAST({_time(value, source)} AS {kind.sql})"
        case ColumnType.BOOLEAN:
            return f"CASE {value} WHEN '是' THEN true WHEN '否' THEN false ELSE TRY_CAST({value} AS BOOLEAN) END"
        case ColumnType.INTEGER:
            number = _plain_number(value, source)
            point = f"contains({number}, '.') OR contains(lower({number}), 'e')"
            whole = _whole(f"TRY_CAST({number} AS DOUBLE)", number)
            return f"CASE WHEN {point} THEN {whole} ELSE TRY_CAST({number} AS BIGINT) END"
        case ColumnType.NUMBER:
            number = f"TRY_CAST({_plain_number(value, source)} AS DOUBLE)"
            return f"CASE WHEN isfinite({number}) THEN {number} END"
        case ColumnType.MONEY:
            return f"TRY_CAST({_plain_number(value, source)} AS {kind.sql})"


def _fraction(kind: ColumnType, stored: str) -> bool:
    return kind is ColumnType.INTEGER and stored.startswith(("DOUBLE", "FLOAT", "DECIMAL"))


def _whole(number: str, value: str) -> str:
    """A whole number, or NULL: 3.0 is 3, but 3.7 is not 4."""
    return f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({value} AS BIGINT) END"


def _plain_number(value: str, source: SourceSpec) -> str:
    if source.thousands:
        value = f"replace({value}, {literal(source.thousands)}, '')"
    return f"replace({value}, ',', '.')" if source.decimal == "," else value


def _time(value: str, source: SourceSpec) -> str:
    """A time in one of the declared formats; else ISO and its kin, compact, Chinese, or an Excel serial number."""
    if source.dates:
        return f"try_strptime({value}, [{', '.join(map(literal, source.dates))}])"
    formats = ", ".join(map(literal, DATE_FORMATS))
    serial = f"{EXCEL_DAY_0} + to_seconds(round(TRY_CAST({value} AS DOUBLE) * 86400))"
    return (
        f"coalesce(TRY_CAST({value} AS TIMESTAMP), try_strptime({value}, [{formats}]), "
        f"CASE WHEN regexp_full_match({value}, '{EXCEL_SERIAL}') THEN {serial} END)"
    )
