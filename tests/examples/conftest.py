"""Running an example as its README says, and reading what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from xunzhi.lake import Lake
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.report import Report
from xunzhi.measures import DuckEngine, Readings, Run, measure
from xunzhi.measures.proof import prove_case, prove_oracles
from xunzhi.standards import load_pack

EXAMPLES = Path(__file__).parents[2] / "examples"

Figures = tuple[float | None, float | None, float | None]
"""Numerator, denominator, value."""


@dataclass
class Example:
    """An example's data in a lake of its own, measured."""

    reports: list[Report]
    lake: Lake
    run: Run
    readings: Readings

    @property
    def report(self) -> Report:
        """The report of the only delivery."""
        (report,) = self.reports
        return report

    def refused(self) -> dict[str, int]:
        """Feed → rows in quarantine, where there are any."""
        return {name: feed.quarantined for name, feed in self.report.feeds.items() if feed.quarantined}

    def findings(self, feed: str) -> dict[str, int]:
        """Rule → rows that it found in a feed."""
        return {finding.rule.id: finding.rows for finding in self.report.feeds[feed].findings}

    def rows(self, indicator: str, kind: str = "month", stratum: str = "hospital") -> dict[tuple[str, str], Figures]:
        """(Institution or unit, period) → figures of an indicator."""
        sql = """SELECT institution, unit, period, numerator, denominator, value FROM result
                 WHERE indicator = $indicator AND period_kind = $kind AND stratum = $stratum"""
        found = self.readings.query(sql, {"indicator": indicator, "kind": kind, "stratum": stratum}).to_pylist()
        return {
            (row["institution"] if stratum == "hospital" else row["unit"], str(row["period"])): (
                row["numerator"],
                row["denominator"],
                row["value"],
            )
            for row in found
        }

    def total(self, indicator: str) -> tuple[float, float]:
        """Numerator and denominator over all periods; only for what adds up."""
        figures = self.rows(indicator, "year").values()
        return sum(n or 0 for n, _, _ in figures), sum(d or 0 for _, d, _ in figures)

    def query(self, sql: str) -> list[dict[str, object]]:
        """SQL over the canonical tables of the lake."""
        with DuckEngine.on(self.lake.snapshot()) as engine:
            return list(engine.query(sql).to_pylist())

    def disagreements(self) -> list[str]:
        """What the worked cases and oracles of the pack's own indicators and the engine see differently."""
        pack = self.lake.pack
        snapshot = self.lake.snapshot()
        own = [item for item in pack.indicators.values() if item.id not in (pack.manifest.keeps or ())]
        problems = [problem for item in own for problem in prove_case(pack, item)]
        with DuckEngine.on(snapshot) as engine:
            return problems + prove_oracles(engine, pack, own, snapshot.at.time.date())


def run_example(name: str, home: Path, data: Path) -> Example:
    """Load and measure an example in an empty home."""
    folder = EXAMPLES / name
    if not data.is_dir():
        pytest.skip(f"no data at {data}")
    lake = Lake(home, load_pack(folder / "pack"))
    reports = list(ingest(lake, load_mapping(folder / "mapping.yaml", lake.pack)))
    run = measure(lake, home)
    return Example(reports, lake, run, Readings(lake, home))


@pytest.fixture(scope="module")
def example(request, tmp_path_factory, shared_data):
    """The example that the test module names by EXAMPLE and DATA (a folder of shared data)."""
    module = request.module
    return run_example(module.EXAMPLE, tmp_path_factory.mktemp(module.EXAMPLE), shared_data / module.DATA)
