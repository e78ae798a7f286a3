"""Rows that point at nothing: an encounter or department that the lake doesn't have. Counted, not refused."""

from __future__ import annotations

from xunzhi.lake.feeds import BAD, EXAMPLES, FLAG, FeedRun, Finding
from xunzhi.lake.files import quoted
from xunzhi.lake.rules import Rule
from xunzhi.lake.transaction import Transaction
from xunzhi.standards import Pack, Table


def references(table: Table, pack: Pack) -> dict[str, str]:
    """Column → table that it points at, by the names: a column called like the key of another table.

    `department` is the key of a table, so `from_department` points there too; `previous_encounter_id` may lie before
    the first data, so an identifier must be called exactly like the key.
    """
    keys = {
        other.key[1]: name
        for name, other in pack.tables.items()
        if len(other.key) == 2 and other.key[0] == "institution" and name != table.table
    }
    found = {}
    for column in table.columns:
        for key, name in keys.items():
            if column == key or (not key.endswith("_id") and column.endswith(f"_{key}")):
                found[column] = name
    return {column: name for column, name in found.items() if column not in table.key[:1]}


def unknown_references(transaction: Transaction, run: FeedRun) -> list[Finding]:
    """The accepted rows of a feed whose references the lake, with this delivery, doesn't have."""
    findings = []
    pack = transaction.lake.pack
    for column, name in references(run.table, pack).items():
        if column not in run.expressions or not transaction.rows(name):
            continue
        same = f"r.institution = o.institution AND r.{quoted(column)} = o.{quoted(pack.tables[name].key[1])}"
        rows = transaction.connection.execute(
            f"SELECT r.{quoted(column)}::VARCHAR, count(*) FROM {run.rows} r "
            f"ANTI JOIN ({transaction.view_sql(name)}) o ON {same} "
            f"WHERE r.{FLAG} < {BAD} AND r.{quoted(column)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        if rows:
            label = run.table.columns[column].label
            rule = Rule(
                f"{column}:reference",
                column,
                False,
                "false",
                f"{label.zh}（{column}）的值不在表 {name} 中",
                f"{column}: values that table {name} doesn't have",
            )
            findings.append(Finding(rule, sum(count for _, count in rows), dict(rows[:EXAMPLES])))
    return findings
