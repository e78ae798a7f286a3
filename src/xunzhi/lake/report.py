"""What a run of a mapping did, and what is new in it since last time."""

from __future__ import annotations

import json
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from xunzhi.lake.feeds import Finding
from xunzhi.lake.sources import Broken
from xunzhi.lake.transaction import Upserted

SHOWN = 8


@dataclass(frozen=True)
class FeedReport:
    """The balance of one feed: selected rows = accepted + unchanged + duplicates + quarantined."""

    table: str
    read: int
    selected: int
    quarantined: int
    findings: Sequence[Finding]
    lake: Upserted | None = None

    def balance(self) -> bool:
        """Whether every row is accounted for."""
        return self.lake is None or self.selected == self.lake.total + self.quarantined


@dataclass(frozen=True)
class Report:
    """The outcome of one delivery. `version` is the lake version that it made; none for a dry run or nothing new."""

    mapping: str
    source: str
    records: int
    broken: Sequence[tuple[str, Broken]] = ()
    feeds: Names[str, FeedReport] = field(default_factory=dict)
    headings: Names[str, Sequence[str]] = field(default_factory=dict)
    version: int | None = None
    seconds: float = 0.0
    already: int | None = None
    news: Sequence[tuple[str, str]] = ()

    @property
    def accepted(self) -> int:
        """Rows that changed the lake."""
        return sum(feed.lake.accepted for feed in self.feeds.values() if feed.lake)

    @property
    def quarantined(self) -> int:
        """Rows and lines refused."""
        return sum(feed.quarantined for feed in self.feeds.values()) + len(self.broken)

    def findings_json(self) -> str:
        """Findings as the batch log keeps them."""
        found = {
            f"{name} {finding.rule.id}": {"rows": finding.rows, "codes": dict(finding.codes)}
            for name, feed in self.feeds.items()
            for finding in feed.findings
        }
        for _, line in self.broken:
            entry = found.setdefault(line.rule, {"rows": 0, "codes": {}})
            entry["rows"] += 1  # type: ignore[operator]
        return json.dumps(found, ensure_ascii=False)

    def text(self, language: str) -> str:
        """The report for people, in `zh` or `en`."""
        zh = language == "zh"
        title = f"{self.mapping} ← {self.source}"
        if self.already is not None:
            said = (
                f"没有变化：同一文件已在批次 {self.already} 导入"
                if zh
                else f"nothing new: loaded in batch {self.already}"
            )
            return f"{title}\n  {said}"
        lines = [title, _counts(zh, "读取", "read", self.records, "损坏行", "broken lines", len(self.broken))]
        lines += [line for name, feed in self.feeds.items() for line in _feed_lines(name, feed, zh)]
        lines += _broken_lines(self.broken, zh)
        if self.news:
            lines.append("  新情况：" if zh else "  new since last time:")
            lines += [f"    ! {chinese if zh else english}" for chinese, english in self.news]
        if self.version is not None:
            done = (
                f"数据湖版本 {self.version}，用时 {self.seconds:.1f} 秒"
                if zh
                else f"lake version {self.version}, {self.seconds:.1f} s"
            )
            lines.append(f"  {done}")
        return "\n".join(lines)


def _counts(zh: bool, *parts: str | int) -> str:
    """Triples (Chinese, English, number) as a line."""
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return "  " + "  ".join(f"{chinese if zh else english} {number:,}" for chinese, english, number in triples)


def _feed_lines(name: str, feed: FeedReport, zh: bool) -> list[str]:
    balance: list[str | int] = ["选中", "selected", feed.selected]
    if feed.lake is not None:
        balance += ["新增", "inserted", feed.lake.inserted, "更新", "updated", feed.lake.updated]
        balance += ["未变", "unchanged", feed.lake.unchanged, "重复", "duplicates", feed.lake.duplicates]
    balance += ["隔离", "quarantined", feed.quarantined]
    lines = [f"  {name}" + _counts(zh, *balance)]
    for finding in sorted(feed.findings, key=lambda finding: (not finding.rule.error, -finding.rows)):
        mark = "✗" if finding.rule.error else "?"
        text = (finding.rule.zh if zh else finding.rule.en).replace("{value}", "…")
        codes = ", ".join(f"{code} ×{rows}" for code, rows in list(finding.codes.items())[:SHOWN])
        lines.append(f"    {mark} {finding.rows:,} × {text}" + (f": {codes}" if codes else ""))
    return lines


def _broken_lines(broken: Sequence[tuple[str, Broken]], zh: bool) -> list[str]:
    lines = [
        f"    ✗ {f'{name} 第 {line.line} 行' if zh else f'{name} line {line.line}'}: {line.zh if zh else line.en}"
        for name, line in broken[:SHOWN]
    ]
    return [*lines, f"    … {len(broken) - SHOWN:,}"] if len(broken) > SHOWN else lines


def news_of(report: Report, history: Sequence[Names[str, Any]]) -> list[tuple[str, str]]:
    """What earlier batches of the mapping never showed: rules, codes, columns, numbers of rows.

    `history` are rows of the batch log, the oldest first. The first delivery has no news.
    """
    if not history:
        return []
    news = []
    past = [json.loads(batch["findings"]) for batch in history]
    for key, found in json.loads(report.findings_json()).items():
        before = [findings[key] for findings in past if key in findings]
        if not before:
            news.append((f"首次出现：{key}，{found['rows']} 行", f"never seen before: {key}, {found['rows']} rows"))
            continue
        codes = sorted(set(found["codes"]) - {code for finding in before for code in finding["codes"]})
        if codes:
            shown = ", ".join(codes[:SHOWN])
            news.append((f"{key} 出现新代码：{shown}", f"{key} has codes not seen before: {shown}"))
    return [*news, *_new_headings(report, history[-1]), *_unusual_size(report, history)]


def _new_headings(report: Report, last: Names[str, Any]) -> list[tuple[str, str]]:
    before = json.loads(last["headings"])
    news = []
    for name, headings in report.headings.items():
        came, went = (
            sorted(set(headings) - set(before.get(name, []))),
            sorted(set(before.get(name, [])) - set(headings)),
        )
        if came:
            news.append((f"{name} 新增列：{'、'.join(came)}", f"{name} has new columns: {', '.join(came)}"))
        if went:
            news.append((f"{name} 缺少列：{'、'.join(went)}", f"{name} no longer has the columns: {', '.join(went)}"))
    return news


def _unusual_size(report: Report, history: Sequence[Names[str, Any]]) -> list[tuple[str, str]]:
    usual = median(batch["records"] for batch in history[-12:])
    if usual / 2 <= report.records <= usual * 2:
        return []
    return [
        (
            f"记录数 {report.records:,} 与往常（中位数 {usual:,.0f}）相差一倍以上",
            f"{report.records:,} records, where {usual:,.0f} are usual (median)",
        )
    ]
