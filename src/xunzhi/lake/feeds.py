"""Feeds: the SQL that turns rows of a relation into typed, checked rows of a canonical table."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from xunzhi.lake.engine import count_rows
from xunzhi.lake.files import listed, literal, quoted
from xunzhi.lake.mapping import Feed, Mapping, SourceSpec
from xunzhi.lake.rules import Rule, rules_of, source_text
from xunzhi.lake.values import trimmed, typed
from xunzhi.standards import Pack, StandardsError, Table

ROW, RECORD, PART, FLAG = "_row", "_record", "_part", "_flag"
WANTED = "_wanted"
BAD, ODD = 2, 1
FEW_WORDS = 50
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
    """One feed on one delivery. `base` is the DuckDB table or view that its rows come from.

    Makes `rows`, the typed rows with their flag (NULL: left out by `where`), and, if some are bad, the table `refused`
    of those with their reasons.
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
        """The typed rows: `_row`, `_record`, `_part`, the mapped columns, `_flag`."""
        return quoted(f"rows of {self.name}")

    @property
    def _mapped(self) -> str:
        """The table that holds `rows`."""
        return quoted(f"mapped by {self.name}")

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
        return rules_of(self.table, self.pack, self.expressions, self.mapping.spec.plausible_years)

    @cached_property
    def row_by_row(self) -> bool:
        """Whether each row gives one row in the same place; a join, which many words to recode need, mixes them."""
        return self.feed.repeat is None and all(len(words) <= FEW_WORDS for words in self._recodings.values())

    @cached_property
    def in_place(self) -> bool:
        """Whether the place of a mapped row says which row of the relation it is."""
        return self.row_by_row and RECORD not in self.base_columns

    @cached_property
    def _recodings(self) -> dict[str, dict[str, str]]:
        """Column → old word → new word."""
        return {
            name: words if isinstance(words, dict) else _read_pairs(self.mapping.folder / words)
            for name, words in self.feed.recode.items()
        }

    def run(self) -> Checked:
        """Map, type and check all rows of the base.

        Raises:
            StandardsError: an expression that the relation can't answer; required columns that nothing fills.
        """
        self.map_rows(quoted(self.base))
        return self.judge()

    def map_rows(self, relation: str) -> int:
        """Make `rows` of a relation that is like the base; needn't be a table if :attr:`in_place`. Their number.

        Raises:
            StandardsError: as :meth:`run`.
        """
        self._refuse_unfilled()
        if not self.in_place:
            names = listed([ROW, RECORD, PART, *self.expressions])
            self._run(
                f"CREATE OR REPLACE TEMP TABLE {self._mapped} AS SELECT {names}, {self._flag()} AS {FLAG} "
                f"FROM ({self._typed(self._source_texts(relation))})"
            )
            self._run(f"CREATE OR REPLACE TEMP VIEW {self.rows} AS FROM {self._mapped}")
            return count_rows(self.connection, self._mapped)
        typed_rows = self._typed(self._texts_in_place(relation), [WANTED])
        flag = f"CASE WHEN {WANTED} THEN {self._flag()} END AS {FLAG}"
        self._run(
            f"CREATE OR REPLACE TEMP TABLE {self._mapped} AS SELECT {listed(self.expressions)}, {flag} "
            f"FROM ({typed_rows})"
        )
        self._run(
            f"CREATE OR REPLACE TEMP VIEW {self.rows} AS "
            f"SELECT rowid AS {ROW}, rowid + 1 AS {RECORD}, 0 AS {PART}, * FROM {self._mapped}"
        )
        return count_rows(self.connection, self._mapped)

    def judge(self) -> Checked:
        """What became of the mapped rows."""
        base = self._mapped if self.in_place else quoted(self.base)
        ((read, selected, bad, flagged),) = self._fetch(
            f"SELECT (SELECT count(*) FROM {base}), count({FLAG}), "
            f"count(*) FILTER ({FLAG} = {BAD}), count(*) FILTER ({FLAG} >= {ODD}) FROM {self.rows}"
        )
        findings = self._judge(bad) if flagged else []
        return Checked(read * len(self._numbers), selected, bad, findings)

    def accepted_sql(self) -> str:
        """A SELECT of the rows that go into the lake."""
        return f"SELECT {listed([*self.expressions, RECORD])} FROM {self.rows} WHERE {FLAG} < {BAD}"

    def forget(self) -> None:
        """Give back the memory of the rows."""
        self._run(f"DROP VIEW {self.rows}")
        self._run(f"DROP TABLE {self._mapped}")

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

    def _source_texts(self, base: str) -> str:
        """The SELECT of what rows of the base say for each column, once for each number of `repeat`."""
        record = RECORD if RECORD in self.base_columns else "rowid + 1"
        selects = []
        for number in self._numbers:
            columns = [f"({_numbered(sql, number)}) AS {source_text(name)}" for name, sql in self.expressions.items()]
            conditions = [f"({_numbered(self.feed.where, number)})"] if self.feed.where else []
            if PART in self.base_columns:
                conditions.append(f"{PART} = {number}")
            selects.append(
                f"SELECT rowid AS {ROW}, {record} AS {RECORD}, {number} AS {PART}, {', '.join(columns)} "
                f"FROM {base}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
            )
        return " UNION ALL ".join(selects)

    def _texts_in_place(self, base: str) -> str:
        """The SELECT of what each row of the base says for each column, and whether it is wanted."""
        columns = [f"({sql}) AS {source_text(name)}" for name, sql in self.expressions.items()]
        wanted = f"coalesce(({self.feed.where})::BOOLEAN, false)" if self.feed.where else "true"
        return f"SELECT {wanted} AS {WANTED}, {', '.join(columns)} FROM {base}"

    @cached_property
    def _given_kinds(self) -> dict[str, str]:
        """The SQL type of each expression."""
        base = quoted(self.base)
        texts = self._texts_in_place(base) if self.in_place else self._source_texts(base)
        try:
            kinds = {name: kind for name, kind, *_ in self._fetch(f"DESCRIBE {texts}")}
        except duckdb.Error as together:
            raise self._wrong_expression(together) from together
        return {name: kinds[f"={name}"] for name in self.expressions}

    @cached_property
    def _recoded(self) -> tuple[dict[str, tuple[str, str]], str]:
        """Each column trimmed and recoded, as SQL with its type, and the joins that it needs.

        A word that is not in a recoding stays as it is.
        """
        columns, joins = {}, []
        for name, given in self._given_kinds.items():
            text, kind = f"s.{source_text(name)}", given
            if kind in ("VARCHAR", '"NULL"'):
                text, kind = trimmed(text), "VARCHAR"
            words = self._recodings.get(name)
            if words:
                old, kind = f"CAST({text} AS VARCHAR)", "VARCHAR"
                if len(words) <= FEW_WORDS:
                    whens = " ".join(f"WHEN {literal(word)} THEN {literal(code)}" for word, code in words.items())
                    text = f"CASE {old} {whens} ELSE {old} END"
                else:
                    table = self._recoding(name, words)
                    joins.append(f" LEFT JOIN {table} ON {table}.old = {old}")
                    text = f"coalesce({table}.new, {old})"
            columns[name] = (text, kind)
        return columns, "".join(joins)

    def _recoding(self, name: str, words: dict[str, str]) -> str:
        """A table of old and new words."""
        table = quoted(f"recode {self.name} {name}")
        self._run(f"CREATE OR REPLACE TEMP TABLE {table} (old VARCHAR, new VARCHAR)")
        self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", list(words.items()))
        return table

    def _typed(self, texts_sql: str, kept: Sequence[str] = (ROW, RECORD, PART)) -> str:
        """Rows of source texts: recoded, with all columns of the table as typed values beside them."""
        recoded, joins = self._recoded
        texts = ", ".join(f"{text} AS {source_text(name)}" for name, (text, _) in recoded.items())
        columns = [
            f"{typed(column.type, source_text(name), recoded[name][1], self.source)} AS {quoted(name)}"
            if name in recoded
            else f"CAST(NULL AS {column.type.sql}) AS {quoted(name)}"
            for name, column in self.table.columns.items()
        ]
        return f"SELECT *, {', '.join(columns)} FROM (SELECT {', '.join(kept)}, {texts} FROM ({texts_sql}) s{joins})"

    def _flag(self) -> str:
        bad = " OR ".join(f"coalesce({rule.violated}, false)" for rule in self.rules if rule.error) or "false"
        odd = " OR ".join(f"coalesce({rule.violated}, false)" for rule in self.rules if not rule.error) or "false"
        return f"CASE WHEN {bad} THEN {BAD} WHEN {odd} THEN {ODD} ELSE 0 END::UTINYINT"

    def _judge(self, bad: int) -> list[Finding]:
        """What is wrong with the flagged rows; makes `refused` of the bad ones."""
        self._run(
            f"CREATE OR REPLACE TEMP TABLE _flagged AS FROM (SELECT row_number() OVER () - 1 AS {ROW}, * "
            f"FROM {quoted(self.base)}) WHERE {ROW} IN (SELECT {ROW} FROM {self.rows} WHERE {FLAG} >= {ODD})"
        )
        flagged = self._typed(self._source_texts(f"(SELECT {ROW} AS rowid, * EXCLUDE ({ROW}) FROM _flagged)"))
        violated = ", ".join(f"coalesce({rule.violated}, false) AS {_violated(rule)}" for rule in self.rules)
        self._run(f"CREATE OR REPLACE TEMP TABLE _judged AS SELECT *, {violated} FROM ({flagged})")
        if bad:
            self._make_refused()
        counts = ", ".join(f"count(*) FILTER ({_violated(rule)})" for rule in self.rules)
        (numbers,) = self._fetch(f"SELECT {counts} FROM _judged")
        return [
            Finding(rule, rows, self._unknown_codes(rule) if rule.id.endswith(":code") else {})
            for rule, rows in zip(self.rules, numbers, strict=True)
            if rows
        ]

    def _make_refused(self) -> None:
        errors = [rule for rule in self.rules if rule.error]

        def of(rule: Rule, then: str) -> str:
            return f"CASE WHEN {_violated(rule)} THEN {then} END"

        rules = ", ".join(of(rule, literal(rule.id)) for rule in errors)
        column = ", ".join(of(rule, literal(rule.column)) for rule in errors)
        reasons = {language: ", ".join(of(rule, rule.reason(language)) for rule in errors) for language in ("zh", "en")}
        raw = ", ".join(
            f"{literal(name)}, b.{quoted(name)}" for name in self.base_columns if name not in (RECORD, PART)
        )
        refused = (
            f"SELECT {ROW}, {RECORD}, {PART}, concat_ws(',', {rules}) AS rule, coalesce({column}) AS column_name, "
            f"concat_ws('；', {reasons['zh']}) AS reason_zh, concat_ws('; ', {reasons['en']}) AS reason_en "
            f"FROM _judged WHERE {' OR '.join(map(_violated, errors))}"
        )
        self._run(
            f"CREATE OR REPLACE TEMP TABLE {self.refused} AS SELECT j.* EXCLUDE ({ROW}), "
            f"json_object({raw})::VARCHAR AS raw FROM ({refused}) j JOIN _flagged b USING ({ROW})"
        )

    def _unknown_codes(self, rule: Rule) -> dict[str, int]:
        found = self._fetch(
            f"SELECT {source_text(rule.column)}::VARCHAR, count(*) FROM _judged "
            f"WHERE {_violated(rule)} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {EXAMPLES}"
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

    def _wrong_expression(self, together: duckdb.Error) -> StandardsError:
        """The error that names the wrong expression: each is asked for alone."""
        number = self.feed.repeat[0] if self.feed.repeat else 0
        parts = {("columns", name): sql for name, sql in self.expressions.items()}
        for loc, sql in [*parts.items(), (("where",), self.feed.where or "true")]:
            try:
                self._fetch(f"DESCRIBE SELECT ({_numbered(sql, number)}) FROM {quoted(self.base)}")
            except duckdb.Error as error:
                message = f"{_first_line(error)}; the columns are: {', '.join(self.base_columns)}"
                return self.mapping.fail((*self.at, *loc), message)
        return self.mapping.fail(self.at, _first_line(together))

    def _run(self, sql: str) -> None:
        self.connection.execute(sql)

    def _fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def _violated(rule: Rule) -> str:
    """The column that holds whether a row violates a rule."""
    return quoted(f"!{rule.id}")


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
