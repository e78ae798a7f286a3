"""Reading results: series, a period compared with the one before and the year before, and names of units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from xunzhi.lake import Lake
from xunzhi.measures.cube import HOSPITAL
from xunzhi.measures.periods import MONTHS_OF, kind_of, shifted
from xunzhi.measures.result_rows import SCHEMA
from xunzhi.measures.store import MeasureStore, State
from xunzhi.standards import Indicator, Pack
from xunzhi.standards.sql import unknown


@dataclass(frozen=True)
class Freshness:
    """Whether the stored results are those of the newest facts and standards; else why not."""

    state: State | None
    newest: int
    stale: bool
    failure: dict[str, Any] | None


class Readings:
    """The stored results of a lake."""

    def __init__(self, lake: Lake, home: Path):
        self.lake = lake
        self.pack: Pack = lake.pack
        self.store = MeasureStore(home)

    @cached_property
    def state(self) -> State | None:
        """What the results were computed from."""
        return self.store.state()

    def freshness(self) -> Freshness:
        """Compare what the results were computed from with what there is."""
        newest = self.lake.version()
        state = self.state
        stale = state is None or state.lake_version != newest or state.pack != self.pack.fingerprint
        return Freshness(state, newest, stale, self.store.failure())

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the views `result` and, for each stratum, `names_of_<stratum>` (institution, unit, name)."""
        connection = duckdb.connect()
        files = self.store.result_files()
        if files:
            listed = ", ".join("'" + file.removeprefix("file://").replace("'", "''") + "'" for file in files)
            source = f"read_parquet([{listed}], hive_partitioning=true, hive_types={{'period': VARCHAR}})"
            connection.execute(f"CREATE TEMP VIEW result AS SELECT {', '.join(SCHEMA.names)} FROM {source}")
        else:
            connection.register("result", SCHEMA.empty_table())
        snapshot = self.lake.snapshot(self.state.lake_version if self.state else None)
        for stratum, spec in self.pack.manifest.strata.items():
            connection.execute(f"CREATE TEMP TABLE names_of_{stratum} AS {self._names(snapshot.view_sql, spec.names)}")
        return connection

    @staticmethod
    def _names(view_sql: Any, names: tuple[str, str, str] | None) -> str:
        if names is None:
            return "SELECT NULL::VARCHAR AS institution, NULL::VARCHAR AS unit, NULL::VARCHAR AS name WHERE FALSE"
        table, code, name = names
        return (
            f"SELECT institution, {code} AS unit, any_value({name}) AS name FROM ({view_sql(table)}) "
            f"GROUP BY institution, {code}"
        )

    def query(self, sql: str, parameters: dict[str, Any] | None = None) -> pa.Table:
        """Run SQL over the views of :attr:`connection`."""
        return self.connection.sql(sql, params=parameters or {}).to_arrow_table()

    def unit_names(self, stratum: str) -> dict[tuple[str, str], str]:
        """(Institution, unit) → name, as the facts' reference tables say it."""
        if stratum == HOSPITAL:
            return {}
        rows = self.query(f"SELECT institution, unit, name FROM names_of_{stratum} WHERE name IS NOT NULL").to_pylist()
        return {(row["institution"], row["unit"]): row["name"] for row in rows}

    def institutions(self) -> list[str]:
        """The institutions that have results."""
        return [
            row["institution"] for row in self.query("SELECT DISTINCT institution FROM result ORDER BY 1").to_pylist()
        ]

    def periods(self, kind: str = "month") -> list[str]:
        """The periods that have results, in order."""
        sql = "SELECT DISTINCT period FROM result WHERE period_kind = $kind ORDER BY 1"
        return [str(row["period"]) for row in self.query(sql, {"kind": kind}).to_pylist()]

    def newest(self) -> str:
        """The newest month that most indicators have reached: a few are dated by days to come, or run ahead.

        Raises:
            ValueError: if there are no results.
        """
        sql = """SELECT period, count(*) AS n FROM result
                 WHERE period_kind = 'month' AND stratum = $stratum AND status = 'ok' GROUP BY period ORDER BY period"""
        counts = {row["period"]: row["n"] for row in self.query(sql, {"stratum": HOSPITAL}).to_pylist()}
        if not counts:
            raise ValueError("还没有计算结果 / no results yet; run xunzhi measure")
        reached = [str(month) for month, n in counts.items() if 2 * n >= max(counts.values())]
        return max(reached)

    def series(
        self,
        institution: str,
        stratum: str = HOSPITAL,
        kind: str = "month",
        indicators: Collection[str] | None = None,
    ) -> pa.Table:
        """All results of a stratum in an institution (or of some indicators), by indicator, unit and period."""
        some = "" if indicators is None else "AND indicator IN (SELECT unnest($indicators::VARCHAR[]))"
        sql = f"""SELECT * FROM result
                 WHERE institution = $institution AND stratum = $stratum AND period_kind = $kind {some}
                 ORDER BY indicator, unit, period"""
        wanted: dict[str, Any] = {"institution": institution, "stratum": stratum, "kind": kind}
        return self.query(sql, wanted if indicators is None else {**wanted, "indicators": list(indicators)})

    def compared(self, institution: str, period: str, stratum: str = HOSPITAL) -> pa.Table:
        """The results of one period with `previous` (the period before) and `year_before`, by indicator and unit.

        A comparison across a change of definition is left empty: the two numbers don't mean the same.
        """
        kind = kind_of(period)
        sql = """SELECT now.*, before.value AS previous, year.value AS year_before
                 FROM result AS now
                 LEFT JOIN result AS before
                   ON before.period = $before AND before.revision = now.revision AND NOT before.broken
                  AND before.institution = now.institution AND before.stratum = now.stratum
                  AND before.unit = now.unit AND before.indicator = now.indicator
                 LEFT JOIN result AS year
                   ON year.period = $year AND year.revision = now.revision AND NOT year.broken
                  AND year.institution = now.institution AND year.stratum = now.stratum
                  AND year.unit = now.unit AND year.indicator = now.indicator
                 WHERE now.institution = $institution AND now.stratum = $stratum AND now.period = $period
                 ORDER BY now.indicator, now.unit"""
        wanted = {
            "institution": institution,
            "stratum": stratum,
            "period": period,
            "before": shifted(period, -MONTHS_OF[kind]),
            "year": shifted(period, -12),
        }
        return self.query(sql, wanted)

    def indicator(self, name: str) -> Indicator:
        """An indicator of the pack by id.

        Raises:
            KeyError: with the nearest known id.
        """
        if name not in self.pack.indicators:
            raise KeyError(unknown("indicator", name, set(self.pack.indicators)))
        return self.pack.indicators[name]
