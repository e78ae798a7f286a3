"""Feeds: the SQL that turns rows of a relation into typed, checked rows of a canonical table."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from xunzhi.lake.files import listed, literal, quoted
from xunzhi.lake.mapping import Feed, Mapping, SourceSpec
from xunzhi.lake.rules import Rule, rules_of, source_text
from xunzhi.lake.values import trimmed, typed
from xunzhi.standards import Pack, Table

ROW, RECORD, PART, FLAG = "_row", "_record", "_part", "_flag"
BAD, ODD = 2, 1
EXAMPLES = 20


@dataclass(frozen=True)
class Finding:
    """A rule and how many rows of a delivery it flagged; for code lists also the unknown codes."""

    rule: Rule
    rows: int
    codes: Names[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """What became of the rows of a relation before they meet the lake."""

    read: int
    selected: int
    quarantined: int
    findings: list[Finding]


class FeedRun:
    """One feed on one delivery. `base` is the DuckDB table that its rows come from.

    Makes two tables: `rows`, the typed rows with their flag, and `refused`, the bad ones with their reasons.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        mapping: Mapping,
        pack: Pack,
        target: tuple[str, int],
        base: str,
        source: SourceSpec,
    ):
        self.connection = connection
        self.mapping = mapping
        self.pack = pack
        self.feed_name = f"{target[0]}#{target[1] + 1}"
        self.name = self.feed_name
        self.at = ("tables", *target)
        self.table: Table = pack.tables[target[0]]
        self.feed: Feed = mapping.spec.tables[target[0]][target[1]]
        self.base = base
        self.source = source

    @property
    def rows(self) -> str:
        """The table of typed rows."""
        return quoted(f"rows of {self.name}")

    @property
    def refused(self) -> str:
        """The table of bad rows and their reasons."""
        return quoted(f"refused of {self.name}")

    @cached_property
    def base_columns(self) -> dict[str, str]:
        """Columns of the relation and their SQL types."""
        return {name: kind for name, kind, *_ in self._fetch(f"DESCRIBE {quoted(self.base)}")}

    @cached_property
    def expressions(self) -> dict[str, str]:
        """Canonical column → SQL over the relation: what the mapping says, then what matches by name."""
        given = {name: str(_sql(value, self.base_columns)) for name, value in self.feed.columns.items()}
        if self.mapping.spec.institution is not None:
            given.setdefault("institution", literal(self.mapping.spec.institution))
        headings = {heading.lower(): heading for heading in self.base_columns}
        for name, column in self.table.columns.items():
            names = {
                "name": [name],
                "label": [column.label.zh, column.label.en, name],
                "hqms": (column.hqms or "").split(","),
                None: [],
            }[self.feed.match]
            found = next((headings[word.strip().lower()] for word in names if word.strip().lower() in headings), None)
            if name not in given and found:
                given[name] = quoted(found)
        return {name: given[name] for name in self.table.columns if name in given}

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that the rows must keep."""
        return rules_of(self.table, self.pack, self.expressions)

    def run(self) -> Checked:
        """Map, type and check all rows.

        Raises:
            StandardsError: an expression that the relation can't answer; required columns that nothing fills.
        """
        self._refuse_unfilled()
        self._refuse_wrong_expressions()
        names = listed([ROW, RECORD, PART, *self.expressions])
        self._run(f"CREATE OR REPLACE TEMP TABLE {self.rows} AS SELECT {names}, {self._flag()} FROM ({self._typed()})")
        bad = self._count(self.rows, f"{FLAG} = {BAD}")
        odd = self._count(self.rows, f"{FLAG} = {ODD}")
        self._make_refused()
        read = self._count(quoted(self.base)) * len(self._numbers)
        return Checked(read, self._count(self.rows), bad, self._findings() if bad or odd else [])

    def accepted_sql(self) -> str:
        """A SELECT of the rows that go into the lake."""
        return f"SELECT {listed([*self.expressions, RECORD])} FROM {self.rows} WHERE {FLAG} < {BAD}"

    @cached_property
    def _numbers(self) -> list[int]:
        """The numbers of `repeat`, but those after the first for which the relation has none of the columns."""
        if self.feed.repeat is None:
            return [0]
        first, last = self.feed.repeat
        templates = " ".join(sql for sql in (*self.expressions.values(), self.feed.where or "") if "{n" in sql)

        def present(number: int) -> bool:
            expanded = _numbered(templates, number)
            return any(
                re.search(rf"(?<!\w){re.escape(column)}(?!\w)", expanded)
                for column in self.base_columns
                if str(number) in column and column not in templates
            )

        return [number for number in range(first, last + 1) if number == first or present(number)]

    def _source_texts(self) -> str:
        """The SELECT of what the source says for each column, once for each number of `repeat`."""
        record = RECORD if RECORD in self.base_columns else "rowid + 1"
        selects = []
        for number in self._numbers:
            columns = [f"({_numbered(sql, number)}) AS {source_text(name)}" for name, sql in self.expressions.items()]
            conditions = [f"({_numbered(self.feed.where, number)})"] if self.feed.where else []
            if PART in self.base_columns:
                conditions.append(f"{PART} = {number}")
            selects.append(
                f"SELECT rowid AS {ROW}, {record} AS {RECORD}, {number} AS {PART}, {', '.join(columns)} "
                f"FROM {quoted(self.base)}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
            )
        return " UNION ALL ".join(selects)

    @cached_property
    def _recoded(self) -> str:
        """The source texts trimmed and recoded; a word that is not in a recoding stays as it is."""
        texts = self._source_texts()
        kinds = {name: kind for name, kind, *_ in self._fetch(f"DESCRIBE {texts}")}
        self._kinds = {name: kinds[f"={name}"] for name in self.expressions}
        columns, joins = [], []
        for name in self.expressions:
            text = source_text(name)
            if self._kinds[name] in ("VARCHAR", '"NULL"'):
                self._kinds[name] = "VARCHAR"
                text = trimmed(f"s.{text}")
            words = self.feed.recode.get(name)
            if words is not None:
                table = self._recoding(name, words)
                joins.append(f" LEFT JOIN {table} ON {table}.old = CAST({text} AS VARCHAR)")
                text, self._kinds[name] = f"coalesce({table}.new, CAST({text} AS VARCHAR))", "VARCHAR"
            columns.append(f"{text} AS {source_text(name)}")
        return f"SELECT {ROW}, {RECORD}, {PART}, {', '.join(columns)} FROM ({texts}) s{''.join(joins)}"

    def _recoding(self, name: str, words: dict[str, str] | str) -> str:
        """A table of old and new words."""
        table = quoted(f"recode {self.name} {name}")
        pairs = words if isinstance(words, dict) else _read_pairs(self.mapping.folder / words)
        self._run(f"CREATE OR REPLACE TEMP TABLE {table} (old VARCHAR, new VARCHAR)")
        if pairs:
            self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", list(pairs.items()))
        return table

    def _typed(self) -> str:
        """The recoded texts with all columns of the table as typed values beside them."""
        recoded = self._recoded
        columns = [
            f"{typed(column.type, source_text(name), self._kinds[name], self.source)} AS {quoted(name)}"
            if name in self.expressions
            else f"CAST(NULL AS {column.type.sql}) AS {quoted(name)}"
            for name, column in self.table.columns.items()
        ]
        return f"SELECT *, {', '.join(columns)} FROM ({recoded})"

    def _flag(self) -> str:
        bad = " OR ".join(f"coalesce({rule.violated}, false)" for rule in self.rules if rule.error) or "false"
        odd = " OR ".join(f"coalesce({rule.violated}, false)" for rule in self.rules if not rule.error) or "false"
        return f"CASE WHEN {bad} THEN {BAD} WHEN {odd} THEN {ODD} ELSE 0 END::UTINYINT AS {FLAG}"

    def _flagged(self, least: int) -> str:
        """The flagged rows once more, with what the source says."""
        return (
            f"SELECT t.* FROM ({self._typed()}) t SEMI JOIN "
            f"(SELECT {ROW}, {PART} FROM {self.rows} WHERE {FLAG} >= {least}) f USING ({ROW}, {PART})"
        )

    def _make_refused(self) -> None:
        errors = [rule for rule in self.rules if rule.error]

        def of(rule: Rule, then: str) -> str:
            return f"CASE WHEN {rule.violated} THEN {then} END"

        rules = ", ".join(of(rule, literal(rule.id)) for rule in errors) or "NULL"
        column = ", ".join(of(rule, literal(rule.column)) for rule in errors) or "NULL"
        reasons = {
            language: ", ".join(of(rule, rule.reason(language)) for rule in errors) or "NULL"
            for language in ("zh", "en")
        }
        raw = ", ".join(
            f"{literal(name)}, b.{quoted(name)}" for name in self.base_columns if name not in (RECORD, PART)
        )
        judged = (
            f"SELECT {ROW}, {RECORD}, {PART}, concat_ws(',', {rules}) AS rule, coalesce({column}) AS column_name, "
            f"concat_ws('；', {reasons['zh']}) AS reason_zh, concat_ws('; ', {reasons['en']}) AS reason_en "
            f"FROM ({self._flagged(BAD)})"
        )
        self._run(
            f"CREATE OR REPLACE TEMP TABLE {self.refused} AS SELECT j.* EXCLUDE ({ROW}), "
            f"json_object({raw})::VARCHAR AS raw FROM ({judged}) j JOIN {quoted(self.base)} b ON b.rowid = j.{ROW}"
        )

    def _findings(self) -> list[Finding]:
        counts = ", ".join(f"count_if({rule.violated})" for rule in self.rules)
        (numbers,) = self._fetch(f"SELECT {counts} FROM ({self._flagged(ODD)})")
        return [
            Finding(rule, rows, self._unknown_codes(rule) if rule.id.endswith(":code") else {})
            for rule, rows in zip(self.rules, numbers, strict=True)
            if rows
        ]

    def _unknown_codes(self, rule: Rule) -> dict[str, int]:
        found = self._fetch(
            f"SELECT {source_text(rule.column)}::VARCHAR, count(*) FROM ({self._flagged(ODD)}) "
            f"WHERE {rule.violated} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {EXAMPLES}"
        )
        return dict(found)

    def _refuse_unfilled(self) -> None:
        missing = [
            name for name, column in self.table.columns.items() if column.required and name not in self.expressions
        ]
        if missing:
            raise self.mapping.fail(
                self.at, f"nothing fills the required column {', '.join(missing)}; map it under columns"
            )

    def _refuse_wrong_expressions(self) -> None:
        """Ask for the expressions one by one if they don't work together, so that the error can name the wrong one."""
        try:
            self._fetch(f"DESCRIBE {self._source_texts()}")
        except duckdb.Error as together:
            number = self.feed.repeat[0] if self.feed.repeat else 0
            parts = {("columns", name): sql for name, sql in self.expressions.items()}
            for loc, sql in [*parts.items(), (("where",), self.feed.where or "true")]:
                try:
                    self._fetch(f"DESCRIBE SELECT ({_numbered(sql, number)}) FROM {quoted(self.base)}")
                except duckdb.Error as error:
                    message = f"{_first_line(error)}; the columns are: {', '.join(self.base_columns)}"
                    raise self.mapping.fail((*self.at, *loc), message) from error
            raise self.mapping.fail(self.at, _first_line(together)) from together

    def _run(self, sql: str) -> None:
        self.connection.execute(sql)

    def _fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def _count(self, table: str, where: str = "true") -> int:
        return int(self._fetch(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def _sql(value: object, headings: Names[str, str]) -> str:
    """A value of `columns:` as SQL; a text that is a heading means that column."""
    if isinstance(value, str):
        return quoted(value) if value in headings else value
    return str(value)


def _numbered(sql: str, number: int) -> str:
    return sql.replace("{nn}", f"{number:02}").replace("{n}", str(number))


def _read_pairs(file: Path) -> dict[str, str]:
    """A CSV file with a heading line and two columns: old word, new word."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n")[0]
