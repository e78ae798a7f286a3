"""SQL inside standards: parsed when a pack is loaded, so that a misspelt column is found before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, SqlglotError
from sqlglot.optimizer.qualify import qualify

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
    return parsed.expressions[0]


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


def check_columns(expression: str, columns: set[str] | frozenset[str]) -> None:
    """Check that `expression` parses and uses only `columns`.

    Raises:
        SqlError: naming the unknown column and the nearest known one.
    """
    for column in parse_expression(expression).find_all(exp.Column):
        if column.name.lower() not in columns:
            raise SqlError(unknown("column", column.name, columns))


def columns_of(expression: str) -> list[str]:
    """The columns that an expression uses, in the order they stand."""
    found = dict.fromkeys(column.name for column in parse_expression(expression).find_all(exp.Column))
    return list(found)


def tables_of(select: str) -> set[str]:
    """The tables that a SELECT reads, its own WITH names left out."""
    query = parse_select(select)
    own = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    return {table.name for table in query.find_all(exp.Table) if table.name and table.name not in own}


def output_columns(select: str, schema: Schema) -> list[str]:
    """Names of the columns that `select` gives, after every column in it has been found in `schema`.

    Args:
        select: a SELECT over the tables of the schema.
        schema: table → column → SQL type.

    Raises:
        SqlError: for an unknown table or column, or a name given twice.
    """
    for table in tables_of(select) - set(schema):
        raise SqlError(unknown("table", table, set(schema)))
    try:
        qualified = qualify(
            parse_select(select).copy(),
            schema={table: dict(columns) for table, columns in schema.items()},
            dialect="duckdb",
            validate_qualify_columns=True,
        )
    except OptimizeError as error:
        raise SqlError(f"SQL: {error}") from error
    names = qualified.named_selects
    for name in names:
        if names.count(name) > 1:
            raise SqlError(f"selects {name!r} twice")
    return list(names)


def unknown(kind: str, name: str, known: set[str] | frozenset[str]) -> str:
    """Say that a name is unknown, and which one may have been meant."""
    close = get_close_matches(name, sorted(known), n=1)
    return f"no {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
