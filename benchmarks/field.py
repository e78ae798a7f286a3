"""Two proportions × 60 months × sex and age band: one scan here, against one query per measure, stratum and interval.

The loop is how engines of the field compute measures (a query for each interval and measure); here it runs on SQLite
(with an index on time) and on DuckDB, over the same 400,000 events of 20,000 patients. Results must be equal.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.common import claim, in_cpu, median, shown, timed
from xunzhi.measures.engine import DuckEngine
from xunzhi.measures.periods import shifted
from xunzhi.measures.proof import results_of
from xunzhi.standards import load_pack

PATIENTS, EVENTS, MONTHS = 20_000, 400_000, 60
BANDS = [f"{low}-{low + 9}" for low in range(0, 100, 10)]
MEASURES = {"screening": ("screened", "1=1"), "positivity": ("screened AND positive", "screened")}

Cell = tuple[str, str, str]


def events() -> pa.Table:
    rng = np.random.default_rng(7)
    patient = rng.integers(0, PATIENTS, EVENTS)
    sex, band = rng.integers(0, 2, PATIENTS), rng.integers(0, len(BANDS), PATIENTS)
    seconds = rng.integers(0, 60 * 30 * 86_400, EVENTS)
    return pa.table(
        {
            "institution": pa.array(["H1"] * EVENTS),
            "event_id": np.arange(EVENTS),
            "patient_id": patient,
            "event_time": pa.array(np.datetime64("2020-01-01T00:00:00") + seconds.astype("timedelta64[s]")).cast(
                pa.timestamp("us")
            ),
            "sex": pa.array(np.array(["F", "M"])[sex[patient]]),
            "age_band": pa.array(np.array(BANDS)[band[patient]]),
            "screened": rng.random(EVENTS) < 0.6,
            "positive": rng.random(EVENTS) < 0.1,
        }
    )


def cells() -> Iterable[tuple[str, str, str, str, str, str]]:
    """Every measure, month and stratum: measure, month, first and next day, sex, band."""
    for measure in MEASURES:
        month = "2020-01"
        for _ in range(MONTHS):
            after = shifted(month, 1)
            for sex in ("F", "M"):
                for band in BANDS:
                    yield measure, month, f"{month}-01 00:00:00", f"{after}-01 00:00:00", sex, band
            month = after


def loop(run: Callable[[str, tuple[str, ...]], tuple[int, int]]) -> dict[Cell, tuple[int, int]]:
    found = {}
    for measure, month, first, after, sex, band in cells():
        numerator, denominator = MEASURES[measure]
        sql = (
            f"SELECT count(CASE WHEN {numerator} THEN 1 END), count(*) FROM event "
            f"WHERE event_time >= ? AND event_time < ? AND sex = ? AND age_band = ? AND {denominator}"
        )
        figures = run(sql, (first, after, sex, band))
        if figures[1]:
            found[measure, month, f"{sex} {band}"] = figures
    return found


def on_sqlite(table: pa.Table) -> Callable[[], dict[Cell, tuple[int, int]]]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE event (event_time TEXT, sex TEXT, age_band TEXT, screened INT, positive INT)")
    columns = [table["event_time"].cast(pa.string()).to_pylist()]
    columns = [[text[:19] for text in columns[0]]] + [
        table[name].to_pylist() for name in ("sex", "age_band", "screened", "positive")
    ]
    connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", zip(*columns, strict=True))
    connection.execute("CREATE INDEX event_by_time ON event (event_time)")
    return lambda: loop(lambda sql, values: connection.execute(sql, values).fetchone())


def on_duckdb(table: pa.Table) -> Callable[[], dict[Cell, tuple[int, int]]]:
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("CREATE TABLE event AS SELECT * FROM given ORDER BY event_time")
    return lambda: loop(lambda sql, values: connection.execute(sql, values).fetchone() or (0, 0))


def ours(table: pa.Table) -> Callable[[], dict[Cell, tuple[int, int]]]:
    pack = load_pack(Path(__file__).parent / "packs" / "field")

    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("CREATE TABLE event AS SELECT * FROM given ORDER BY event_time")

    def run() -> dict[Cell, tuple[int, int]]:
        rows = results_of(DuckEngine(connection), pack, pack.indicators, date(2099, 1, 1)).table()
        wanted = duckdb.sql("SELECT * FROM rows WHERE period_kind = 'month' AND stratum = 'sex_age'").fetchall()
        names = rows.column_names
        at = [names.index(name) for name in ("indicator", "period", "unit", "numerator", "denominator")]
        return {(row[at[0]], row[at[1]], row[at[2]]): (int(row[at[3]]), int(row[at[4]])) for row in wanted}

    return run


def main() -> int:
    table = events()
    print(f"{EVENTS:,} events of {PATIENTS:,} patients")
    print(f"{len(MEASURES)} proportions × {MONTHS} months × {2 * len(BANDS)} strata")
    mine, found = timed(ours(table), 5)
    print(f"  one scan (with intervals, quarters and years): {shown(mine)}")
    good = True
    for name, build in (("SQLite", on_sqlite), ("DuckDB", on_duckdb)):
        looped, expected = timed(build(table), 1)
        print(f"  loop on {name}, {len(list(cells())):,} queries: {shown(looped)}")
        first = {key: value for key, value in found.items() if key[1] < shifted("2020-01", MONTHS)}
        if first != expected:
            print(f"  MISS results differ from the loop on {name}")
            good = False
        one, many = median(mine), median(looped)
        good &= claim(f"times faster than the loop on {name}", many.clock / one.clock, at_least=50)
        in_cpu(many.cpu / one.cpu)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
