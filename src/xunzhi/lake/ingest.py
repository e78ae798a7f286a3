"""Ingest: deliveries into the lake, each as one version, with everything that was refused and why."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Mapping as Names
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from xunzhi.lake import quarantine
from xunzhi.lake.delivery import Delivery, Step
from xunzhi.lake.engine import confine, connect, fetch_dicts
from xunzhi.lake.lake import Lake
from xunzhi.lake.lock import user_name
from xunzhi.lake.mapping import Mapping
from xunzhi.lake.references import unknown_references
from xunzhi.lake.report import FeedReport, Report, news_of
from xunzhi.lake.snapshot import Snapshot
from xunzhi.lake.sources import RowSource, deliveries
from xunzhi.lake.tables import BATCH
from xunzhi.lake.transaction import Transaction

NO_INSTITUTION = "-"
FEW_NAMES = 3


def ingest(
    lake: Lake, mapping: Mapping, *, force: bool = False, wait: bool = False, step: Step = lambda _: None
) -> Iterator[Report]:
    """Load what a mapping brings, delivery by delivery; a file that was loaded before by the same mapping is skipped.

    Raises:
        LakeError, StandardsError: in one message; the delivery that fails leaves the lake as it was.
    """
    for sources in deliveries(mapping):
        before = None if force else _loaded_before(lake.snapshot(), mapping, sources)
        if before is not None:
            yield Report(mapping.name, _name(sources), 0, already=before)
            continue
        with lake.write(f"ingest {mapping.name}: {_name(sources)}", wait=wait) as transaction:
            report = _load(transaction, mapping, sources, step)
            step("commit")
        yield report


def check(lake: Lake, mapping: Mapping, *, step: Step = lambda _: None) -> Iterator[Report]:
    """Dry run: what would be accepted and refused, and why. Writes nothing."""
    for sources in deliveries(mapping):
        with tempfile.TemporaryDirectory(prefix="xunzhi-") as folder, connect(Path(folder) / "spill", lake.memory) as c:
            confine(c, Path(folder), _files(sources))
            delivery = Delivery(c, mapping, lake.pack, Path(folder), step)
            delivery.read(sources)
            delivery.map()
            report = delivery_report(delivery, _name(sources))
        yield replace(report, news=news_of(report, _history(lake.snapshot(), mapping)))


def _load(transaction: Transaction, mapping: Mapping, sources: Names[str, RowSource], step: Step) -> Report:
    started, clock = quarantine.wall_clock(), time.monotonic()
    pack = transaction.lake.pack
    confine(transaction.connection, transaction.lake.root, _files(sources))
    delivery = Delivery(transaction.connection, mapping, pack, transaction.staging, step)
    with ThreadPoolExecutor(1) as beside:
        printed = beside.submit(_fingerprint, sources)
        delivery.read(sources)
    delivery.map()
    refused = quarantine.collect(delivery)
    delivery.forget_sources()
    report = write_rows(transaction, delivery, delivery_report(delivery, _name(sources)))
    report = replace(report, news=news_of(report, _history(transaction.base, mapping)))
    fingerprint = printed.result()
    quarantine.put(transaction, mapping, refused, (_name(sources), fingerprint))
    report = replace(report, version=transaction.batch, seconds=time.monotonic() - clock)
    size = sum(source.size() or 0 for source in sources.values()) or None
    log_batch(transaction, mapping, report, started, fingerprint, size)
    return report


def write_rows(transaction: Transaction, delivery: Delivery, report: Report) -> Report:
    """Upsert the accepted rows of all feeds; the report with what became of them, every row accounted for."""
    feeds = dict(report.feeds)
    for run in delivery.runs:
        delivery.step(f"write {run.table.table}")
        upserted = transaction.upsert(run.table.table, run.accepted_sql(), settled=True)
        feeds[run.name] = replace(feeds[run.name], lake=upserted)
        if not feeds[run.name].balance():
            raise RuntimeError(f"rows of {run.name} went missing: {feeds[run.name]}")
    unknown = unknown_references(transaction, delivery.runs)
    for run in delivery.runs:
        found = [*feeds[run.name].findings, *unknown.get(run.name, [])]
        feeds[run.name] = replace(feeds[run.name], findings=found)
        run.forget()
    return replace(report, feeds=feeds)


def delivery_report(delivery: Delivery, source: str) -> Report:
    """What a delivery brings, before it meets the lake."""
    feeds = {
        run.name: FeedReport(run.table.table, checked.read, checked.selected, checked.quarantined, checked.findings)
        for run in delivery.runs
        for checked in [delivery.checked[run.name]]
    }
    headings = {name: loaded.headings for name, loaded in delivery.loaded.items()}
    return Report(delivery.mapping.name, source, delivery.records, delivery.broken, feeds, headings)


def _name(sources: Names[str, RowSource]) -> str:
    """The source, or the folder of many and how many they are."""
    names = [source.name for source in sources.values()]
    if len(names) <= FEW_NAMES:
        return " + ".join(names)
    folder = os.path.commonpath(names) if all(Path(name).is_absolute() for name in names) else ""
    return f"{folder or names[0]} ({len(names)})"


def _files(sources: Names[str, RowSource]) -> list[Path]:
    return [file for source in sources.values() for file in source.files]


def _fingerprint(sources: Names[str, RowSource]) -> str | None:
    prints = [source.fingerprint() for source in sources.values()]
    return None if None in prints else "+".join(str(one) for one in prints)


def _batches(snapshot: Snapshot, where: str, values: list[Any]) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM ({snapshot.view_sql(BATCH)}) WHERE {where} ORDER BY batch"
    with duckdb.connect() as connection:
        return fetch_dicts(connection, sql, values)


def _history(snapshot: Snapshot, mapping: Mapping) -> list[dict[str, Any]]:
    return _batches(snapshot, "mapping = ? AND source <> ?", [mapping.name, quarantine.SOURCE])


def _loaded_before(snapshot: Snapshot, mapping: Mapping, sources: Names[str, RowSource]) -> int | None:
    """The batch in which the same content came through the same mapping."""
    if not snapshot.rows(BATCH):
        return None
    fingerprint = _fingerprint(sources)
    found = _batches(
        snapshot,
        "mapping = ? AND mapping_fingerprint = ? AND source_fingerprint = ?",
        [mapping.name, mapping.fingerprint, fingerprint],
    )
    return found[-1]["batch"] if found else None


def log_batch(
    transaction: Transaction,
    mapping: Mapping,
    report: Report,
    started: datetime,
    fingerprint: str | None = None,
    size: int | None = None,
) -> None:
    """Note in the lake what was loaded from where, and what became of it."""
    counts = {
        name: {"table": feed.table, "read": feed.read, "selected": feed.selected, "quarantined": feed.quarantined}
        | (vars(feed.lake) if feed.lake else {})
        for name, feed in report.feeds.items()
    }
    row = {
        "institution": mapping.spec.institution or NO_INSTITUTION,
        "batch": transaction.batch,
        "mapping": mapping.name,
        "mapping_fingerprint": mapping.fingerprint,
        "source": report.source,
        "source_fingerprint": fingerprint,
        "bytes": size,
        "started": started,
        "seconds": report.seconds,
        "who": user_name(),
        "records": report.records,
        "broken": len(report.broken),
        "counts": json.dumps(counts),
        "findings": report.findings_json(),
        "headings": json.dumps(report.headings, ensure_ascii=False),
    }
    transaction.upsert(BATCH, pa.Table.from_pylist([row]))
