"""Cubes: every cell of a grain, for all months and strata, from one scan of the grain.

A cube is two Arrow tables. The first has one row per institution, month, stratum and unit and one column per cell that
adds up. The second holds the cells that are kept as values: one row per value and its number of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from xunzhi.measures.engine import RAW, Engine
from xunzhi.measures.periods import shifted
from xunzhi.measures.plan import Cell, GrainPlan
from xunzhi.standards import Grain

HOSPITAL = "hospital"
"""The stratum whose only unit is the whole institution."""

KEYS = ("institution", "month", "stratum", "unit")

ROWS, LAST = "rows_of_unit", "last_day"
"""Columns of every cube beside its cells: how many rows of the grain there are, and the day of the last one."""

NAMED_MONTH = "strftime(month, '%Y-%m') AS month"

TOUCHED = "touched"
"""The link columns of the base rows in the months that are computed again."""

ROWS_KEPT = "rows_kept"
"""The rows of a grain with cells that are kept as values: they are read more than once."""

SUM_TYPE = "DECIMAL(38,6)"
"""Sums are exact decimals: the same whatever the order of rows, threads and increments."""


@dataclass(frozen=True)
class Cube:
    """What one scan of a grain gives."""

    sums: pa.Table
    values: pa.Table


def compute(engine: Engine, plan: GrainPlan, months: Collection[str] | None = None) -> Cube:
    """Compute the cube of a grain over the rows that the engine shows.

    Args:
        engine: shows the canonical tables.
        plan: the grain and its cells.
        months: 'YYYY-MM' to compute; None for all.
    """
    additive = [cell for cell in plan.cells if cell.kind in ("count", "sum")]
    kept = [cell for cell in plan.cells if cell.kind in ("values", "items")]
    rows = rows_sql(plan, months)
    if not kept:
        return Cube(engine.query(sums_sql(plan.grain, additive, rows)), _no_values())
    engine.keep(ROWS_KEPT, rows)
    rows = f"SELECT * FROM {ROWS_KEPT}"
    sums = engine.query(sums_sql(plan.grain, additive, rows))
    values = [engine.query(values_sql(plan.grain, cell, rows)).cast(VALUES_SCHEMA) for cell in kept]
    engine.forget(ROWS_KEPT)
    return Cube(sums, pa.concat_tables(values))


VALUES_SCHEMA = pa.schema(
    [
        *((key, pa.string()) for key in KEYS),
        ("cell", pa.string()),
        ("value", pa.float64()),
        ("item", pa.string()),
        ("n", pa.int64()),
    ]
)


def _no_values() -> pa.Table:
    return VALUES_SCHEMA.empty_table()


def rows_sql(plan: GrainPlan, months: Collection[str] | None) -> str:
    """The rows of a grain that belong to the months, with the first day of their month, their strata and cells.

    Days are grouped rather than the months' names: making millions of strings costs more than counting.
    """
    grain = plan.grain
    strata = [f"coalesce({column}, '') AS s_{name}" for name, column in grain.strata.items()]
    fixed = ["institution", f"{first_day(grain.time)} AS month", f"CAST({grain.time} AS DATE) AS {LAST}", *strata]
    wanted = [*fixed, *(f"{_of_row(cell)} AS {cell.id}" for cell in plan.cells)]
    only = f" AND {in_months(grain.time, months)}" if months is not None else ""
    return (
        f"SELECT {', '.join(wanted)} FROM ({grain.sql.strip().rstrip(';')}) AS g WHERE {grain.time} IS NOT NULL{only}"
    )


_KEPT_AS = {"sum": SUM_TYPE, "values": "DOUBLE", "items": "VARCHAR"}


def _of_row(cell: Cell) -> str:
    """What a row of the grain brings to a cell, as SQL."""
    if cell.kind == "count":
        return f"({cell.condition})"
    return f"CASE WHEN {cell.condition} THEN CAST({cell.expression} AS {_KEPT_AS[cell.kind]}) END"


def month_of(column: str) -> str:
    """SQL for the month of a date or time, as 'YYYY-MM'."""
    return f"strftime({column}, '%Y-%m')"


def first_day(column: str) -> str:
    """SQL for the first day of the month of a date or time."""
    return f"CAST(date_trunc('month', {column}) AS DATE)"


def in_months(column: str, months: Collection[str]) -> str:
    """SQL that holds for dates or times in the months. The range lets a scan skip files; the list is exact."""
    if not months:
        return "FALSE"
    days = ", ".join(f"CAST('{month}-01' AS DATE)" for month in sorted(months))
    first, after = min(months), shifted(max(months), 1)
    within = f"{column} >= CAST('{first}-01' AS DATE) AND {column} < CAST('{after}-01' AS DATE)"
    return f"{within} AND {first_day(column)} IN ({days})"


def quoted(values: Collection[str]) -> str:
    """Values as a list of SQL strings."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(values)) or "''"


def sums_sql(grain: Grain, cells: list[Cell], rows: str) -> str:
    """One scan: all additive cells, by month and each stratum."""
    aggregates = [f"count(*) AS {ROWS}", f"max({LAST}) AS {LAST}"]
    for cell in cells:
        aggregate = "count_if" if cell.kind == "count" else "sum"
        aggregates.append(f"coalesce({aggregate}({cell.id}), 0) AS {cell.id}")
    strata = [f"s_{name}" for name in grain.strata]
    grouped = f"{', '.join(['institution', 'month', *strata, *aggregates])} FROM rows_of_grain"
    sets = [f"(institution, month, {stratum})" for stratum in strata] or ["(institution, month)"]
    scan = f"WITH rows_of_grain AS ({rows}) SELECT {grouped} GROUP BY GROUPING SETS ({', '.join(sets)})"
    types = {ROWS: "BIGINT", LAST: "DATE"} | {cell.id: SUM_TYPE if cell.kind == "sum" else "BIGINT" for cell in cells}
    return _by_stratum(scan, grain, types)


def _by_stratum(scan: str, grain: Grain, types: dict[str, str]) -> str:
    """Name each group's stratum and unit, and add the whole institution as the sum of the first stratum."""
    strata = list(grain.strata)
    cells = "".join(f", CAST({column} AS {kind}) AS {column}" for column, kind in types.items())
    hospital = f"'{HOSPITAL}' AS stratum, '' AS unit"
    if not strata:
        return f"SELECT institution, {NAMED_MONTH}, {hospital}{cells} FROM ({scan}) AS t"
    names = " ".join(f"WHEN s_{name} IS NOT NULL THEN '{name}'" for name in strata)
    units = f"coalesce({', '.join(f's_{name}' for name in strata)})" if len(strata) > 1 else f"s_{strata[0]}"
    named = f"SELECT institution, {NAMED_MONTH}, CASE {names} END AS stratum, {units} AS unit{cells} FROM ({scan}) AS t"
    totals = "".join(
        f", CAST({'max' if column == LAST else 'sum'}({column}) AS {kind}) AS {column}"
        for column, kind in types.items()
    )
    return (
        f"WITH named AS ({named}) SELECT {', '.join([*KEYS, *types])} FROM named UNION ALL "
        f"SELECT institution, month, {hospital}{totals} FROM named "
        f"WHERE stratum = '{strata[0]}' GROUP BY institution, month"
    )


def values_sql(grain: Grain, cell: Cell, rows: str) -> str:
    """How often each value of a cell occurs, by month and each stratum."""
    units = {HOSPITAL: "''", **{name: f"s_{name}" for name in grain.strata}}
    parts = [
        f"SELECT institution, month, '{stratum}' AS stratum, {unit} AS unit, {cell.id} AS kept "
        f"FROM rows_of_grain WHERE {cell.id} IS NOT NULL"
        for stratum, unit in units.items()
    ]
    value, item = ("kept", "CAST(NULL AS VARCHAR)") if cell.kind == "values" else ("CAST(NULL AS DOUBLE)", "kept")
    return (
        f"WITH rows_of_grain AS ({rows}) "
        f"SELECT institution, {NAMED_MONTH}, stratum, unit, '{cell.id}' AS cell, "
        f"{value} AS value, {item} AS item, count(*) AS n "
        f"FROM ({' UNION ALL '.join(parts)}) AS u GROUP BY institution, month, stratum, unit, kept"
    )


def narrow(engine: Engine, grain: Grain, months: Collection[str]) -> None:
    """Show only the source rows that the grain's rows of these months can depend on, by the grain's links."""
    near = engine.rows(grain.base, {grain.time: days_of(months)})
    own = f"SELECT * FROM ({near}) AS o WHERE {in_months(grain.time, months)}"
    if grain.base not in grain.links:
        engine.define(grain.base, own)
    by = sorted({column for link in grain.links.values() for column in link.by})
    engine.keep(TOUCHED, f"SELECT DISTINCT {', '.join(['institution', *by])} FROM ({own}) AS b")
    ends = _ends(engine, by)
    for table, link in grain.links.items():
        if link.whole:
            engine.define(table, f"SELECT * FROM {RAW}{table}")
            continue
        condition, wanted = _touched(link.by, ends)
        if link.days and link.time:
            first, last = days_of(months, back=link.days[1] + 1, on=-link.days[0])
            wanted[link.time] = first, last
            after = f"CAST('{last}' AS DATE) + INTERVAL 1 DAY"
            condition += f" AND {link.time} >= CAST('{first}' AS DATE) AND {link.time} < {after}"
        linked = f"SELECT * FROM ({engine.rows(table, wanted)}) AS n WHERE {condition}"
        if table == grain.base:  # its rows of these months count whatever they link to
            others = f"{linked} AND NOT coalesce({in_months(grain.time, months)}, FALSE)"
            linked = f"{others} UNION ALL {own}"
        engine.define(table, linked)


def _touched(by: Collection[str], ends: Mapping[str, tuple[object, object]]) -> tuple[str, dict[str, tuple[str, str]]]:
    """The condition for rows that are linked by one of the columns, and the ranges that it needs.

    Where nothing is linked it is FALSE: else a scan looks through all files for nothing.
    """
    used = [column for column in by if ends[column][0] is not None]
    texts = ((column, *ends[column]) for column in used)
    ranges = {column: (low, high) for column, low, high in texts if isinstance(low, str) and isinstance(high, str)}
    conditions = [f"(institution, {column}) IN (SELECT institution, {column} FROM {TOUCHED})" for column in used]
    return f"({' OR '.join(conditions) or 'FALSE'})", ranges if len(used) == 1 else {}


def days_of(months: Collection[str], back: int = 0, on: int = 0) -> tuple[str, str]:
    """The first day of the months less `back` days, and the last day plus `on` days."""
    first, after = (date.fromisoformat(f"{month}-01") for month in (min(months), shifted(max(months), 1)))
    return (first - timedelta(back)).isoformat(), (after + timedelta(on - 1)).isoformat()


def _ends(engine: Engine, by: list[str]) -> dict[str, tuple[object, object]]:
    """The lowest and highest of the touched values of each column; None where there is no value."""
    if not by:
        return {}
    bounds = ", ".join(f"min({column}) AS low_{column}, max({column}) AS high_{column}" for column in by)
    found = engine.query(f"SELECT {bounds} FROM {TOUCHED}").to_pylist()[0]
    return {column: (found[f"low_{column}"], found[f"high_{column}"]) for column in by}
