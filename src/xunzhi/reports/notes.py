"""How far the data can be trusted: coverage, provisional months, faults, quarantined rows, false alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from xunzhi.lake.quarantine import RESOLVED
from xunzhi.measures import HOSPITAL
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Block, Bullets, Cell, Column, Key, Number, Section, Sentence, TableBlock
from xunzhi.reports.source import Source, clean

QUARANTINE = "ingest_quarantine"


def section(source: Source, say: Messages) -> Section:
    """The chapter on data quality and completeness."""
    blocks: list[Block] = [Bullets(tuple(_remarks(source, say))), _coverage(source, say)]
    refused = quarantined(source)
    if refused:
        blocks.append(_quarantine(source, refused, say))
    if source.state.faults:
        blocks.append(_faults(source, say))
    return Section("quality", say("section.quality"), tuple(blocks), sheet=say("sheet.quality"))


def notices(source: Source, say: Messages) -> tuple[Sentence, ...]:
    """What must be read before anything else: results that are stale or failed to be computed."""
    freshness = source.readings.freshness()
    found = []
    if freshness.stale:
        newer = freshness.newest != source.state.lake_version
        versions = {"shown": Number(str(source.state.lake_version), source.state.lake_version, "lake_version")}
        if newer:
            versions["newest"] = Number(str(freshness.newest), freshness.newest, "lake_version_newest")
        found.append(say.sentence("notice.stale" if newer else "notice.redefined", **versions))
    if freshness.failure:
        found.append(say.sentence("notice.failed", error=clean(str(freshness.failure["error"]))))
    return tuple(found)


def _remarks(source: Source, say: Messages) -> Iterator[Sentence]:
    charts, expected = source.looked_at()
    signals = len(source.signals(HOSPITAL)) + len(source.signals("department"))
    yield say.sentence(
        "quality.looked_at",
        charts=Number(f"{charts:,}", charts, "charts_judged"),
        signals=Number(f"{signals:,}", signals, "signals_all"),
        expected=Number(f"{expected:,.1f}", expected, "false_alarms_expected"),
    )
    yield say.sentence(
        "quality.settled",
        days=Number(str(source.pack.manifest.settle_days), source.pack.manifest.settle_days, "settle_days"),
    )
    months = provisional_months(source)
    yield (
        say.sentence("quality.provisional", months=say.listed(months))
        if months
        else say.sentence("quality.all_settled")
    )
    missing = sorted(set(source.state.grains) - {grain for grain, _ in _spans(source)})
    if missing:
        names = say.listed([source.pack.grains[grain].label(say.language) for grain in missing])
        yield say.sentence(
            "quality.not_collected", n=Number(str(len(missing)), len(missing), "grains_missing"), names=names
        )
    unchecked = [item for item in source.pack.indicators.values() if item.revisions[-1].source.verified != "formula"]
    if unchecked:
        rows = tuple(Key(item.id, HOSPITAL, "", source.period) for item in unchecked)
        yield say.sentence("quality.unverified", n=Number(str(len(rows)), len(rows), "count_unverified", rows))


def provisional_months(source: Source) -> list[str]:
    """The shown months with a result of the whole institution that may still change."""
    found = {
        month
        for block in source.charts(HOSPITAL).values()
        for month, late in zip(block.months, np.any(block.provisional, axis=0).tolist(), strict=True)
        if late
    }
    return [month for month in source.shown_months if month in found]


def _spans(source: Source) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for grain, spans in source.state.spans.items():
        if source.institution in spans:
            first, last, reached = spans[source.institution]
            yield grain, (first, last, reached)


def _coverage(source: Source, say: Messages) -> TableBlock:
    heads = (("grain", 2), ("row", 3), ("first", 1), ("last", 1), ("reached", 1.2))
    columns = tuple(Column(say(f"quality.column_{name}"), width=width) for name, width in heads)
    rows = []
    for name, (first, last, reached) in _spans(source):
        grain = source.pack.grains.get(name)
        label, row = (grain.label(say.language), grain.row(say.language)) if grain else (name, "")
        rows.append((Cell(label), Cell(row), Cell(first), Cell(last), Cell(reached or say("quality.quiet"))))
    return TableBlock("coverage", say("quality.coverage_title"), columns, tuple(rows))


def quarantined(source: Source) -> list[dict[str, Any]]:
    """Rows refused at import and not yet mended, by table and rule."""
    snapshot = source.readings.lake.snapshot(source.state.lake_version)
    if QUARANTINE not in snapshot.at.tables:
        return []
    sql = f"""SELECT coalesce(table_name, '') AS name, rule, any_value(reason_zh) AS zh, any_value(reason_en) AS en,
                     count(*) AS n
              FROM ({snapshot.view_sql(QUARANTINE)})
              WHERE institution = $institution AND status <> $resolved
              GROUP BY ALL ORDER BY n DESC, name, rule"""
    found: list[dict[str, Any]] = source.readings.query(
        sql, {"institution": source.institution, "resolved": RESOLVED}
    ).to_pylist()
    return found


def _quarantine(source: Source, refused: list[dict[str, Any]], say: Messages) -> TableBlock:
    heads = (("table", 2), ("rule", 2), ("rows", 1))
    columns = tuple(Column(say(f"quality.column_{name}"), name == "rows", width) for name, width in heads)
    tables = source.pack.tables
    rows = tuple(
        (
            Cell(tables[row["name"]].label(say.language) if row["name"] in tables else say("quality.broken_lines")),
            Cell(clean(row["rule"])),
            Cell(f"{row['n']:,}", row["n"]),
        )
        for row in refused
    )
    return TableBlock("quarantine", say("quality.quarantine_title"), columns, rows, shown=20)


def _faults(source: Source, say: Messages) -> TableBlock:
    """The indicators without results; why stays with `xunzhi measure`, for its messages name patients' cases."""
    columns = (Column(say("quality.column_indicator"), width=3), Column(say("quality.column_owner"), width=1))
    rows = []
    for name in sorted(source.state.faults):
        indicator = source.pack.indicators.get(name)
        label = indicator.label(say.language) if indicator else name
        owner = source.pack.manifest.owners[indicator.owner](say.language) if indicator else ""
        rows.append((Cell(label), Cell(owner)))
    return TableBlock("faults", say("quality.faults_title"), columns, tuple(rows), note=say("quality.faults_note"))
