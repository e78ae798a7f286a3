"""SQL inside standards: parsed when a pack is loaded, so that a misspelt column is found before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

Schema = Mapping[str, Mapping[str, str]]


class SqlError(ValueError):
    """SQL that can't be used, in one sentence."""


@lru_cache(maxsize=20_000)
def parse_expression(text: str) -> exp.Expr:
    """Parse one expression of DuckDB's SQL; shared, so don't change it.

    Raises:
        SqlError: if it doesn't parse.
    """
    parsed = _parse(f"SELECT {text}")
    if not isinstance(parsed, exp.Select) or len(parsed.expressions) != 1 or parsed.args.get("from_"):
        raise SqlError(f"expected one expression, got {text!r}")
    expression: exp.Expr = parsed.expressions[0]
    return expression


@lru_cache(maxsize=2_000)
def parse_select(text: str) -> exp.Query:
    """Parse one SELECT.

    Raises:
        SqlError: if it doesn't parse, or is another statement.
    """
    parsed = _parse(text)
    if not isinstance(parsed, exp.Query):
        raise SqlError("expected a SELECT")
    return parsed


def _parse(text: str) -> exp.Expr:
    try:
        statements = [statement for statement in sqlglot.parse(text, dialect="duckdb") if statement is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {"description": str(error), "line": 1}
        raise SqlError(f"SQL: {first['description']} near {first.get('highlight', '')!r}") from error
    except SqlglotError as error:
        raise SqlError(f"SQL: {error}") from error
    if len(statements) != 1:
        raise SqlError(f"expected one SQL statement, got {len(statements)}")
    return statements[0]


def columns_of(expression: str) -> list[str]:
    """The columns that an expression uses, in the order they stand."""
    found = dict.fromkeys(column.name for column in parse_expression(expression).find_all(exp.Column))
    return list(found)


def tables_of(select: str) -> set[str]:
    """The tables that a SELECT reads, its own WITH names left out."""
    query = parse_select(select)
    own = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    return {table.name for table in query.find_all(exp.Table) if table.name and table.name not in own}


class Binder:
    """Finds the columns and types of SQL over empty tables: what DuckDB would refuse to run is found without facts.

    Args:
        schema: table → column → SQL type.
    """

    def __init__(self, schema: Schema):
        # standards are proposed in the browser too: binding one must not read or write files of the server
        self._connection = duckdb.connect(config={"enable_external_access": "false"})
        for table, columns in schema.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self._connection.execute(f'CREATE TABLE "{table}" ({listed})')

    def columns(self, select: str) -> dict[str, str]:
        """The columns that a SELECT gives, with their types.

        Raises:
            SqlError: for an unknown table or column, a wrong type, or a name given twice.
        """
        try:
            relation = self._connection.sql(select.strip().rstrip(";"))
        except duckdb.Error as error:
            raise SqlError(_first_lines(error)) from error
        names = relation.columns
        for name in names:
            if names.count(name) > 1:
                raise SqlError(f"selects {name!r} twice")
        return dict(zip(names, map(str, relation.types), strict=True))

    def define(self, name: str, select: str) -> dict[str, str]:
        """Make the result of a SELECT a table for :meth:`type_of`; gives its columns."""
        found = self.columns(select)
        listed = ", ".join(f'"{column}" {kind}' for column, kind in found.items())
        self._connection.execute(f'CREATE TABLE "{name}" ({listed})')
        return found

    def type_of(self, expression: str, table: str) -> str:
        """The type of an expression over the columns of a table.

        Raises:
            SqlError: naming the unknown column and those that may have been meant.
        """
        return next(iter(self.columns(f'SELECT ({expression}) AS it FROM "{table}"').values()))


def _first_lines(error: duckdb.Error) -> str:
    """DuckDB's message without the picture of the statement."""
    lines = [line.strip() for line in str(error).split("\n\nLINE")[0].splitlines() if line.strip()]
    return " ".join(lines)


def unknown(kind: str, name: str, known: set[str] | frozenset[str]) -> str:
    """Say that a name is unknown, and which one may have been meant."""
    close = get_close_matches(name, sorted(known), n=1)
    return f"no {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
