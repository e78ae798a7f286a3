"""The rows of all worked cases of a pack at once, each case as an institution of its own."""

from __future__ import annotations

import pyarrow as pa

from xunzhi.measures.proof import case_rows
from xunzhi.standards import Pack


def all_rows(pack: Pack) -> dict[str, pa.Table]:
    """Table → rows, as text; keys that a case leaves out are numbered, other texts that a table requires are '-'."""
    gathered: dict[str, list[dict[str, object]]] = {}
    for indicator in pack.indicators.values():
        for number, revision in enumerate(indicator.revisions):
            for table, rows in case_rows(pack, revision.case).items():
                named = ({**row, "institution": f"{indicator.id}.{number}"} for row in rows.to_pylist())
                gathered.setdefault(table, []).extend(named)
    return {table: _as_text(pack, table, rows) for table, rows in gathered.items()}


def _as_text(pack: Pack, table: str, rows: list[dict[str, object]]) -> pa.Table:
    types, spec = pack.schema[table], pack.tables[table]
    absent = {name: "-" for name, column in spec.columns.items() if column.required and types[name] == "VARCHAR"}
    filled = [
        {column: absent.get(column) if row.get(column) is None else row[column] for column in types} for row in rows
    ]
    for number, row in enumerate(filled):
        for column in spec.key:
            if rows[number].get(column) is None:
                row[column] = "2026-01-01" if types[column] in ("DATE", "TIMESTAMP") else str(number)
    return pa.table({column: pa.array([row[column] for row in filled], pa.string()) for column in types})
