"""Rows that point at nothing: an encounter or department that the lake doesn't have. Counted, not refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from xunzhi.lake.feeds import BAD, EXAMPLES, FLAG, FeedRun, Finding
from xunzhi.lake.files import quoted
from xunzhi.lake.rules import Rule
from xunzhi.lake.transaction import Transaction
from xunzhi.standards import Pack, Table

Targets = tuple[str, ...]


def references(table: Table, pack: Pack) -> dict[str, Targets]:
    """Column → tables that it points at, by the names: a column called like their key. Any of them will do.

    `encounter_id` points at `encounter`, the table of that name; where there is none, as for `visit_id`, at all tables
    with that key. `department` is the key of a table, so `from_department` points there too; `previous_encounter_id`
    may lie before the first data, so an identifier must be called exactly like the key.
    """
    found = {}
    for key, targets in _owners(pack).items():
        for column in table.columns:
            named = column == key or (not key.endswith("_id") and column.endswith(f"_{key}"))
            if named and table.table not in targets and column not in table.key[:1]:
                found[column] = targets
    return found


def _owners(pack: Pack) -> dict[str, Targets]:
    """Key beside the institution → the tables that it identifies rows of."""
    keys = defaultdict(list)
    for name, table in pack.tables.items():
        if len(table.key) == 2 and table.key[0] == "institution":
            keys[table.key[1]].append(name)
    return {
        key: (own,) if (own := key.removesuffix("_id")) in tables else tuple(tables) for key, tables in keys.items()
    }


def unknown_references(transaction: Transaction, runs: Iterable[FeedRun]) -> dict[str, list[Finding]]:
    """Feed → its accepted rows whose references the lake, with this delivery, doesn't have."""
    pack = transaction.lake.pack
    asked: dict[Targets, list[tuple[FeedRun, str]]] = defaultdict(list)
    for run in runs:
        for column, targets in references(run.table, pack).items():
            filled = tuple(name for name in targets if transaction.rows(name))
            if column in run.expressions and filled:
                asked[filled].append((run, column))
    findings: dict[str, list[Finding]] = defaultdict(list)
    for targets, places in asked.items():
        for place, count, examples in _unknown(transaction, targets, places):
            run, column = places[place]
            findings[run.name].append(Finding(_rule(run.table, column, targets), count, examples))
    return findings


def _unknown(
    transaction: Transaction, targets: Targets, places: list[tuple[FeedRun, str]]
) -> list[tuple[int, int, dict[str, int]]]:
    """Of each place, a feed and its column, with values that no target has: its number, the rows, the commonest."""
    pack = transaction.lake.pack
    given = " UNION ALL ".join(
        f"SELECT {number} AS place, institution, {quoted(column)}::VARCHAR AS value FROM {run.rows} "
        f"WHERE {FLAG} < {BAD} AND {quoted(column)} IS NOT NULL"
        for number, (run, column) in enumerate(places)
    )
    known = " UNION ALL ".join(
        f"SELECT institution, {quoted(pack.tables[name].key[1])}::VARCHAR AS value FROM ({transaction.view_sql(name)})"
        for name in targets
    )
    rows = transaction.connection.execute(
        f"SELECT place, value, count(*) AS n, sum(n) OVER (PARTITION BY place)::BIGINT FROM ({given}) g "
        f"ANTI JOIN ({known}) k USING (institution, value) GROUP BY place, value "
        f"QUALIFY row_number() OVER (PARTITION BY place ORDER BY n DESC, value) <= {EXAMPLES} "
        "ORDER BY place, n DESC, value"
    ).fetchall()
    totals = {place: total for place, _, _, total in rows}
    return [
        (place, total, {value: count for at, value, count, _ in rows if at == place}) for place, total in totals.items()
    ]


def _rule(table: Table, column: str, targets: Targets) -> Rule:
    label = table.columns[column].label
    return Rule(
        f"{column}:reference",
        column,
        False,
        "false",
        f"{label.zh}（{column}）的值不在表 {' 或 '.join(targets)} 中",
        f"{column}: values that table {' or '.join(targets)} doesn't have",
    )
