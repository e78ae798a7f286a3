"""The search for parts of words: the database keeps an index of every character, and pair of characters, of a case.

Chinese has no spaces and most of its words two characters, fewer than indexes of trigrams want. `cases_case.text` is
indexed by pairs: on PostgreSQL by a GIN index on the function `cases_pairs(text)`, on SQLite by the full text table
`cases_pairs`, which triggers fill with what the function `cases_pairs(text)` makes (a connection learns it here).
Migrations create both; SQLite drops triggers when a migration remakes their table: create them again after it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

_FILL = "INSERT INTO cases_pairs (rowid, pairs) VALUES (new.id, cases_pairs(new.text))"
_EMPTY = "INSERT INTO cases_pairs (cases_pairs, rowid, pairs) VALUES ('delete', old.id, cases_pairs(old.text))"
_CHANGED = "WHEN new.text <> old.text"
_FUNCTION = """
CREATE FUNCTION cases_pairs(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT array_agg(DISTINCT part) FROM (
        SELECT sign, lag(sign, 1, ' ') OVER (ORDER BY place) || sign AS pair
        FROM unnest(string_to_array($1, NULL)) WITH ORDINALITY AS signs (sign, place)
    ) AS pairs, unnest(ARRAY[sign, pair]) AS parts (part)
$$"""

CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE cases_pairs USING fts5(pairs, content='', detail=none, columnsize=0, tokenize='ascii')",
        f"CREATE TRIGGER cases_pairs_new AFTER INSERT ON cases_case BEGIN {_FILL}; END",
        f"CREATE TRIGGER cases_pairs_old AFTER DELETE ON cases_case BEGIN {_EMPTY}; END",
        f"CREATE TRIGGER cases_pairs_other AFTER UPDATE OF text ON cases_case {_CHANGED} BEGIN {_EMPTY}; {_FILL}; END",
        "INSERT INTO cases_pairs (rowid, pairs) SELECT id, cases_pairs(text) FROM cases_case",
    ),
    "postgresql": (_FUNCTION, "CREATE INDEX cases_pairs ON cases_case USING gin (cases_pairs(text))"),
}
DROP = {
    "sqlite": (
        *(f"DROP TRIGGER IF EXISTS cases_pairs_{name}" for name in ("new", "old", "other")),
        "DROP TABLE IF EXISTS cases_pairs",
    ),
    "postgresql": ("DROP INDEX IF EXISTS cases_pairs", "DROP FUNCTION IF EXISTS cases_pairs"),
}
_SEARCH = {
    "sqlite": "SELECT rowid FROM cases_pairs WHERE cases_pairs MATCH %s",
    "postgresql": "SELECT id FROM cases_case WHERE cases_pairs(text) @> %s",
}

FEW = 1000
"""Fewer cases than these are looked up one by one sooner than a list of all cases is walked."""


def holding(text: str) -> Q:
    """The condition that a case holds a text, wherever in its words; capitals don't matter.

    The index alone answers for a word of one or two characters; of longer ones it finds the few to be looked at.
    """
    text = text.lower().strip()
    parts = sorted(set(_parts(text)))
    if not parts:
        return Q()
    found = _found_on_postgresql(parts) if connection.vendor == "postgresql" else _found_on_sqlite(parts)
    return found if len(text) <= 2 else found & Q(text__contains=text)


def _found_on_postgresql(parts: list[str]) -> Q:
    return Q(pk__in=RawSQL(_SEARCH["postgresql"], [parts]))  # noqa: S611  the statement is a constant


def _found_on_sqlite(parts: list[str]) -> Q:
    """Few are looked up one by one. Of many, a list shows the first: it is walked in its own order, and each is asked
    whether it is among them (by "+ 0", for SQLite would look up all of them, and sort them, to show fifty).
    """
    asked = " AND ".join(map(_coded, parts))
    with connection.cursor() as cursor:
        cursor.execute(f"{_SEARCH['sqlite']} LIMIT %s", [asked, FEW])
        ids = [pk for (pk,) in cursor.fetchall()]
    among = RawSQL(_SEARCH["sqlite"], [asked])  # noqa: S611  the statement is a constant
    return Q(pk__in=ids) if len(ids) < FEW else Q(In(F("pk") + 0, among))


def _parts(text: str) -> Iterator[str]:
    """The pairs of characters of each word; of a word of one character that."""
    for word in text.split():
        yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))


def _coded(part: str) -> str:
    """Characters as digits, which full text tables take as they are."""
    return "".join(f"{ord(sign):06x}" for sign in part)


def _indexed(text: str) -> str:
    """What the full text table of SQLite holds of a text: all characters and pairs, each once."""
    found = {part for word in text.split() for part in (*word, *_parts(word))}
    return " ".join(map(_coded, sorted(found)))


def teach(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection to SQLite the function that the triggers call."""
    if connection.vendor == "sqlite" and isinstance(connection.connection, sqlite3.Connection):
        connection.connection.create_function("cases_pairs", 1, _indexed, deterministic=True)


def create(connection: BaseDatabaseWrapper) -> None:
    """Create the index, and fill it with the cases that are there."""
    _run(connection, CREATE)


def drop(connection: BaseDatabaseWrapper) -> None:
    """Drop the index: for migrations backwards."""
    _run(connection, DROP)


def _run(connection: BaseDatabaseWrapper, statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
