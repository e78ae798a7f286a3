"""Patients who had two numbers: rows under the old number go to the one that survives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from xunzhi.lake.engine import count_rows
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import columns_of, listed, quoted

if TYPE_CHECKING:
    from xunzhi.lake.transaction import Transaction

TABLE = "patient_merge"
PATIENT = "patient_id"


def survivors(transaction: Transaction) -> dict[tuple[str, str], str]:
    """(institution, old number) → the number that survives at the end of the chain.

    Raises:
        LakeError: if merges lead in a circle.
    """
    if TABLE not in transaction.lake.tables:
        return {}
    rows = transaction.connection.execute(
        f"SELECT institution, old_patient_id, new_patient_id FROM ({transaction.view_sql(TABLE)})"
    ).fetchall()
    step = {(institution, old): new for institution, old, new in rows}
    return {(institution, old): _end(step, institution, old) for institution, old in step}


def _end(step: dict[tuple[str, str], str], institution: str, old: str) -> str:
    seen = [old]
    while (institution, seen[-1]) in step:
        new = step[institution, seen[-1]]
        if new in seen:
            circle = " → ".join([*seen, new])
            raise LakeError(
                f"Patient merges of institution {institution} lead in a circle: {circle}. "
                f"Correct {TABLE} at its source",
                f"机构 {institution} 的患者合并成环：{circle}。请在来源中更正 {TABLE}",
            )
        seen.append(new)
    return seen[-1]


def register(connection: duckdb.DuckDBPyConnection, merged: dict[tuple[str, str], str]) -> None:
    """Make the table `_survivors`: institution, old, survivor."""
    table = pa.table(
        {
            "institution": pa.array([institution for institution, _ in merged], pa.string()),
            "old": pa.array([old for _, old in merged], pa.string()),
            "survivor": pa.array(list(merged.values()), pa.string()),
        }
    )
    connection.register("_given_survivors", table)
    connection.execute("CREATE OR REPLACE TEMP TABLE _survivors AS SELECT * FROM _given_survivors")
    connection.unregister("_given_survivors")


def rewrite_patients(transaction: Transaction) -> None:
    """Give all rows under an old number the surviving one.

    Where the number is part of the key and the survivor has such a row already, the survivor's row stays.
    """
    merged = survivors(transaction)
    register(transaction.connection, merged)
    for name, spec in transaction.lake.tables.items():
        if name == TABLE or PATIENT not in spec.columns:
            continue
        stored = transaction.view_sql(name)
        transaction.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _moved AS SELECT t.* EXCLUDE (_hash, _month), m.survivor "
            f"FROM ({stored}) t JOIN _survivors m ON m.institution = t.institution AND m.old = t.{PATIENT}"
        )
        if not count_rows(transaction.connection, "_moved"):
            continue
        columns = listed(column for column in columns_of(spec) if column not in ("_hash", "_month", PATIENT))
        rows = f"SELECT {columns}, survivor AS {PATIENT} FROM _moved"
        if PATIENT in spec.key:
            transaction.delete(name, f"SELECT {listed(spec.key)} FROM _moved")
            same = " AND ".join(f"a.{quoted(column)} = b.{quoted(column)}" for column in spec.key)
            rows = f"SELECT a.* FROM ({rows}) a ANTI JOIN ({transaction.view_sql(name)}) b ON {same}"
        transaction.upsert(name, rows)
