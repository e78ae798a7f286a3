"""Quarantine: rows that were refused, kept as they came, to be run again after the mapping is mended."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from xunzhi.lake.delivery import Delivery, shape
from xunzhi.lake.engine import fetch_dicts
from xunzhi.lake.feeds import FeedRun
from xunzhi.lake.files import SYSTEM, literal
from xunzhi.lake.mapping import Mapping
from xunzhi.lake.snapshot import Snapshot
from xunzhi.lake.tables import QUARANTINE
from xunzhi.lake.transaction import Transaction

REFUSED = "_refused"
OPEN, RETRIED, RESOLVED = "open", "retried", "resolved"
SOURCE = "quarantine"  # what the batch log names as the source of retried rows
LINE_OF = "="  # a broken line has no feed but its source
LISTED = ("batch", "mapping", "source", "line", "record", "table_name", "column_name", "rule", "reason_zh", "reason_en")


def collect(delivery: Delivery) -> str:
    """Gather the refused rows and broken lines of a delivery in one DuckDB table; returns its name."""
    delivery.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {REFUSED} (feed VARCHAR, table_name VARCHAR, record BIGINT, part BIGINT, "
        "line BIGINT, column_name VARCHAR, rule VARCHAR, reason_zh VARCHAR, reason_en VARCHAR, raw VARCHAR, "
        "shape VARCHAR)"
    )
    for run in delivery.runs:
        if delivery.checked[run.name].quarantined:
            _collect_rows(delivery, run)
    for name, loaded in delivery.loaded.items():
        if loaded.broken:
            _collect_lines(delivery, name)
    return REFUSED


def _collect_rows(delivery: Delivery, run: FeedRun) -> None:
    connection, columns = delivery.connection, shape(run.base_columns)
    loaded = delivery.loaded.get(run.base)
    numbers = connection.execute(f"SELECT DISTINCT _record FROM {run.refused}").fetchnumpy()["_record"]
    lines = loaded.lines.of(numbers) if loaded and loaded.lines else np.full(len(numbers), -1)
    connection.register("_numbers", pa.table({"record": numbers, "line": lines}))
    connection.execute(
        f"INSERT INTO {REFUSED} SELECT {literal(run.feed_name)}, {literal(run.table.table)}, r._record, r._part, "
        f"nullif(n.line, -1), r.column_name, r.rule, r.reason_zh, r.reason_en, r.raw, {literal(columns)} "
        f"FROM {run.refused} r JOIN _numbers n ON n.record = r._record"
    )
    connection.unregister("_numbers")


def _collect_lines(delivery: Delivery, source: str) -> None:
    loaded = delivery.loaded[source]
    columns = shape(dict.fromkeys(loaded.headings, "VARCHAR"))
    delivery.connection.register("_lines", pa.Table.from_pylist([asdict(line) for line in loaded.broken]))
    delivery.connection.execute(
        f"INSERT INTO {REFUSED} SELECT {literal(LINE_OF + source)}, NULL, NULL, NULL, line, NULL, rule, zh, en, "
        f"text, {literal(columns)} FROM _lines"
    )
    delivery.connection.unregister("_lines")


def put(
    transaction: Transaction, mapping: Mapping, refused: str, source: tuple[str, str | None], status: str = OPEN
) -> None:
    """Keep refused rows in the lake; those of the same content that are refused no more are resolved.

    A row is the same if mapping, feed and content are; it keeps the time when it was first seen. `source` is name and
    fingerprint. With status 'retried', rows keep the source and line that they came from.
    """
    name, fingerprint = source
    institution = literal(mapping.spec.institution or "-")
    print_sql = "NULL" if fingerprint is None else literal(fingerprint)
    retried = status == RETRIED
    transaction.connection.execute(
        "CREATE OR REPLACE TEMP TABLE _identified AS SELECT "
        f"md5(concat_ws('|', {literal(mapping.name)}, feed, part, raw, "
        f"row_number() OVER (PARTITION BY feed, part, raw ORDER BY record, line))) AS id, * FROM {refused}"
    )
    transaction.upsert(
        QUARANTINE,
        f"SELECT {institution} AS institution, i.id, {transaction.batch} AS batch, {literal(mapping.name)} AS mapping, "
        f"{_kept('source', literal(name), retried)}, {_kept('source_fingerprint', print_sql, retried)}, "
        f"i.feed, i.table_name, {_kept('record', 'i.record', retried)}, {_kept('line', 'i.line', retried)}, "
        f"i.column_name, i.rule, i.reason_zh, i.reason_en, i.part, i.raw, i.shape, {literal(status)} AS status, "
        f"coalesce(k.first_seen, TIMESTAMP '{wall_clock()}') AS first_seen FROM _identified i "
        f"LEFT JOIN ({transaction.view_sql(QUARANTINE)}) k ON k.institution = {institution} AND k.id = i.id",
    )
    same_content = f"source = {literal(name)} AND source_fingerprint IS NOT DISTINCT FROM {print_sql}"
    concerned = f"mapping = {literal(mapping.name)}" + ("" if retried else f" AND {same_content}")
    transaction.upsert(
        QUARANTINE,
        f"SELECT * EXCLUDE ({', '.join(SYSTEM)}) REPLACE ('{RESOLVED}' AS status) "
        f"FROM ({transaction.view_sql(QUARANTINE)}) "
        f"WHERE {concerned} AND status <> '{RESOLVED}' AND id NOT IN (SELECT id FROM _identified)",
    )


def _kept(column: str, value: str, keep: bool) -> str:
    """A column of a quarantined row: as found now, or as it was when the row came."""
    return f"coalesce(k.{column}, {value}) AS {column}" if keep else f"{value} AS {column}"


def wall_clock() -> datetime:
    """Now, to the second, without zone: as all times in the lake."""
    return datetime.now().astimezone().replace(microsecond=0, tzinfo=None)


def entries(snapshot: Snapshot, *, mapping: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
    """Quarantined rows, the newest batch first; all, or those of a mapping or with a status."""
    conditions = {"mapping": mapping, "status": status}
    given = {name: value for name, value in conditions.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in given) or "true"
    sql = f"SELECT * FROM ({snapshot.view_sql(QUARANTINE)}) WHERE {where} ORDER BY batch DESC, line, record, id"
    with duckdb.connect() as connection:
        return fetch_dicts(connection, sql, list(given.values()))


def export(snapshot: Snapshot, target: Path, *, mapping: str | None = None) -> int:
    """Write open rows as CSV (UTF-8 with BOM, for Excel): why each was refused, then its columns; returns how many."""
    rows = [row for row in entries(snapshot, mapping=mapping) if row["status"] != RESOLVED]
    columns = list(dict.fromkeys(name for row in rows for name in _raw(row)))
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*LISTED, *columns])
        for row in rows:
            raw = _raw(row)
            writer.writerow([*(row[name] for name in LISTED), *(raw.get(name) for name in columns)])
    return len(rows)


def _raw(row: dict[str, Any]) -> dict[str, Any]:
    """The columns of a refused row; a broken line is one column."""
    if row["feed"].startswith(LINE_OF):
        return {"line text": row["raw"]}
    return dict(json.loads(row["raw"]))
