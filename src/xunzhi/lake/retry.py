"""Running quarantined rows again, through a mended mapping."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from typing import Any

import pyarrow as pa

from xunzhi.lake import quarantine
from xunzhi.lake.delivery import Delivery, Step
from xunzhi.lake.engine import confine
from xunzhi.lake.feeds import PART, RECORD
from xunzhi.lake.files import literal, quoted
from xunzhi.lake.ingest import delivery_report, log_batch, write_rows
from xunzhi.lake.lake import Lake
from xunzhi.lake.mapping import MAIN, Mapping
from xunzhi.lake.quarantine import LINE_OF
from xunzhi.lake.report import Report
from xunzhi.lake.sources import open_file
from xunzhi.lake.transaction import Transaction


def retry(lake: Lake, mapping: Mapping, *, wait: bool = False, step: Step = lambda _: None) -> Report:
    """Run all quarantined rows of a mapping again, as they came. What passes goes into the lake and is resolved.

    Rows of a view (`let`) are kept as the view gave them: mend `columns`, `recode` or `where`. Broken lines are read
    again with the mended `source`, if the mapping has one source and no views.

    Raises:
        LakeError, StandardsError: in one message; the lake is as it was.
    """
    with lake.write(f"retry the quarantine of {mapping.name}", wait=wait) as transaction:
        started, clock = quarantine.wall_clock(), time.monotonic()
        rows = [
            row
            for row in quarantine.entries(transaction.base, mapping=mapping.name)
            if row["status"] != quarantine.RESOLVED
        ]
        confine(transaction.connection, lake.root)
        delivery = Delivery(transaction.connection, mapping, lake.pack, transaction.staging, step)
        kept = _prepare(delivery, rows)
        refused = quarantine.collect(delivery)
        _keep(transaction, refused, kept)
        report = write_rows(transaction, delivery, delivery_report(delivery, quarantine.SOURCE))
        report = replace(report, records=len(rows))
        quarantine.put(transaction, mapping, refused, (quarantine.SOURCE, None), quarantine.RETRIED)
        report = replace(report, version=transaction.batch, seconds=time.monotonic() - clock)
        log_batch(transaction, mapping, report, started)
    return report


def _prepare(delivery: Delivery, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the feeds on their rows; returns the rows that can't be run."""
    kept = []
    lines: list[dict[str, Any]] = []
    tables = delivery.mapping.spec.tables
    feeds = {f"{table}#{index + 1}": (table, index) for table in tables for index in range(len(tables[table]))}
    single = not delivery.mapping.spec.sources and not delivery.mapping.spec.let
    delivery.define_macros()
    if single:
        lines = [row for row in rows if row["feed"] == LINE_OF + MAIN]
        _run_lines(delivery, lines)
    by_shape = sorted((row for row in rows if row not in lines), key=lambda row: (row["feed"], row["shape"]))
    for number, ((feed, shape), group) in enumerate(itertools.groupby(by_shape, key=lambda r: (r["feed"], r["shape"]))):
        if feed not in feeds:
            kept += list(group)
            continue
        base = f"kept rows {number} of {feed}"
        _make_base(delivery, base, json.loads(shape), list(group))
        delivery.run_feed(*feeds[feed], base)
    return kept


def _make_base(delivery: Delivery, base: str, shape: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """The relation of quarantined rows as the feed saw it, with the types that its columns had."""
    delivery.connection.register(
        "_kept", pa.Table.from_pylist([{k: r[k] for k in ("raw", "record", "part")} for r in rows])
    )
    columns = ", ".join(
        f"CAST(json_extract_string(raw, {literal(_pointer(name))}) AS {kind}) AS {quoted(name)}"
        for name, kind in shape.items()
    )
    delivery.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(base)} AS SELECT record AS {RECORD}, part AS {PART}, {columns} "
        "FROM _kept"
    )
    delivery.connection.unregister("_kept")


def _pointer(name: str) -> str:
    """A column as a JSON pointer."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _run_lines(delivery: Delivery, lines: list[dict[str, Any]]) -> None:
    """Read broken lines with the settings of the mapping as it is now, and run all feeds on them."""
    if not lines:
        return
    file = delivery.scratch / "lines.csv"
    spec = delivery.mapping.sources[MAIN].model_copy(
        update={"headings": tuple(json.loads(lines[0]["shape"])), "header": 0, "encoding": "utf-8"}
    )
    file.write_text("\n".join(row["raw"] for row in lines) + "\n", encoding="utf-8")
    delivery.read({MAIN: open_file(spec, file)})
    delivery.map()


def _keep(transaction: Transaction, refused: str, rows: list[dict[str, Any]]) -> None:
    """Rows that couldn't be run stay refused."""
    if not rows:
        return
    names = [name for name, *_ in transaction.connection.execute(f"DESCRIBE {refused}").fetchall()]
    transaction.connection.register(
        "_kept", pa.Table.from_pylist([{name: row[name] for name in names} for row in rows])
    )
    transaction.connection.execute(f"INSERT INTO {refused} BY NAME SELECT * FROM _kept")
    transaction.connection.unregister("_kept")
