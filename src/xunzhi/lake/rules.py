"""Data-quality rules of a table: those of its columns, then its own checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from xunzhi.lake.files import literal, quoted
from xunzhi.standards import Column, ColumnType, Pack, Table

Years = tuple[int, int]
FIRST_YEAR, LAST_YEAR = 1850, 2100
FIRST_RECORDS, YEARS_AHEAD = 1990, 2


@dataclass(frozen=True)
class Rule:
    """One rule on a row.

    `violated` is a condition over the typed columns and, as "=column", their source texts. `zh` and `en` say what is
    wrong; {value} is the source text.
    """

    id: str
    column: str
    error: bool
    violated: str
    zh: str
    en: str

    def reason(self, language: str) -> str:
        """What is wrong with a row, as an SQL expression."""
        before, mark, after = (self.zh if language == "zh" else self.en).partition("{value}")
        if not mark:
            return literal(before)
        shown = f"coalesce(left(CAST({source_text(self.column)} AS VARCHAR), 60), 'NULL')"
        return f"concat({literal(before)}, {shown}, {literal(after)})"


def source_text(column: str) -> str:
    """The column that holds what the source says, before it is typed."""
    return quoted(f"={column}")


def rules_of(table: Table, pack: Pack, mapped: Collection[str], years: Years | None = None) -> list[Rule]:
    """All rules that can be checked on rows with the mapped columns.

    `years` are the first and last that required dates may lie in; by default from 1990 to two years from now.
    """
    rules = []
    for name, column in table.columns.items():
        if name in mapped:
            dated = column.required or name == table.month
            rules += list(_column_rules(name, column, pack, _recent(years) if dated else _ever(years)))
    for check in table.checks:
        named = check.column or next((name for name in table.columns if name in check.require), next(iter(table.key)))
        rules.append(
            Rule(
                check.id,
                named,
                check.severity == "error",
                f"NOT coalesce(({check.require}), true)",
                f"{check.label.zh}（{named}）",
                f"{check.label.en} ({named})",
            )
        )
    return rules


def _recent(years: Years | None) -> Years:
    """Years in which what a hospital records has happened."""
    return years or (FIRST_RECORDS, datetime.now().astimezone().year + YEARS_AHEAD)


def _ever(years: Years | None) -> Years:
    """Years in which anything can lie, as births and plans do."""
    first, last = years or (FIRST_YEAR, LAST_YEAR)
    return min(first, FIRST_YEAR), max(last, LAST_YEAR)


def _column_rules(name: str, column: Column, pack: Pack, years: Years) -> Iterator[Rule]:
    zh, en = f"{column.label.zh}（{name}）", f"{name}"
    value, text = quoted(name), source_text(name)
    if column.required:
        yield Rule(f"{name}:required", name, True, f"{text} IS NULL", f"{zh}为空", f"{en} is missing")
    if column.type not in (ColumnType.TEXT, ColumnType.CODE):
        kind = _KINDS[column.type]
        yield Rule(
            f"{name}:type",
            name,
            True,
            f"{text} IS NOT NULL AND {value} IS NULL",
            f"{zh}的值“{{value}}”不是{kind[0]}",
            f"{en}: '{{value}}' is not {kind[1]}",
        )
    if column.codes:
        codes = pack.codes[column.codes]
        allowed = ", ".join(literal(code) for code in codes.codes)
        yield Rule(
            f"{name}:code",
            name,
            not codes.open,
            f"{value} NOT IN ({allowed})",
            f"{zh}的值“{{value}}”不在代码表 {codes.id} 中",
            f"{en}: '{{value}}' is not in code list {codes.id}",
        )
    limits = _limits(value, column, years)
    if limits:
        condition, allowed_range = limits
        yield Rule(
            f"{name}:range",
            name,
            True,
            condition,
            f"{zh}的值“{{value}}”超出范围 {allowed_range}",
            f"{en}: '{{value}}' is outside {allowed_range}",
        )


def _limits(value: str, column: Column, years: Years) -> tuple[str, str] | None:
    """The condition for a value out of range, and the range."""
    if column.type in (ColumnType.DATE, ColumnType.DATETIME):
        return f"year({value}) NOT BETWEEN {years[0]} AND {years[1]}", f"{years[0]}…{years[1]}"
    low = [] if column.min is None else [f"{value} < {column.min!r}"]
    high = [] if column.max is None else [f"{value} > {column.max!r}"]
    if not low + high:
        return None
    shown = ["" if limit is None else f"{limit:g}" for limit in (column.min, column.max)]
    return f"({' OR '.join(low + high)})", "…".join(shown)


_KINDS = {
    ColumnType.INTEGER: ("整数", "a whole number"),
    ColumnType.NUMBER: ("数字", "a number"),
    ColumnType.MONEY: ("金额", "an amount of money"),
    ColumnType.BOOLEAN: ("是/否", "true or false"),
    ColumnType.DATE: ("日期", "a date"),
    ColumnType.DATETIME: ("日期时间", "a date and time"),
}
