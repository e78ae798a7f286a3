"""What must be computed again: the months of each grain whose facts changed, and the periods that these reach."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache

from xunzhi.lake import Snapshot
from xunzhi.measures.coverage import TOLERANCE
from xunzhi.measures.cube import month_of
from xunzhi.measures.engine import DuckEngine
from xunzhi.measures.periods import PERIOD_KINDS, period_of
from xunzhi.measures.store import State
from xunzhi.standards import Grain, Link, Pack, Table
from xunzhi.standards.pack import link_columns

Months = set[str] | None
"""Months to compute again; None for all."""

BOTH, DIFFERS = "changed_rows", "differs_"
"""The changed rows of a table in both states; before a column's name: whether it differs between the two."""


_EVERY_COLUMN = re.compile(r"(SELECT|DISTINCT|,)\s*(\w+\.)?\*|\bNATURAL\b|\bCOLUMNS\s*\(", re.IGNORECASE)


def columns_read(grain: Grain, table: Table) -> set[str]:
    """The columns of a table that a grain can depend on: those whose names stand anywhere in its SQL."""
    words = _words(grain.sql)
    return set(table.columns) if words is None else set(words & set(table.columns))


@lru_cache(maxsize=1000)
def _words(sql: str) -> frozenset[str] | None:
    """All words of a SELECT; None if it takes columns without naming them."""
    return None if _EVERY_COLUMN.search(sql) else frozenset(re.findall(r"\w+", sql))


class Changes:
    """The rows that differ between two versions of the lake, each table's read once."""

    def __init__(self, engine: DuckEngine, pack: Pack, now: Snapshot, then: Snapshot):
        self.engine = engine
        self.pack = pack
        self.now = now
        self.then = then
        self.tables = set(now.changed_tables(then)) & set(pack.tables)
        self._bounds: dict[str, dict[str, object]] = {}

    def of(self, table: str, grain: Grain) -> str:
        """A SELECT of the changed rows of a table that a grain can notice, in their old and new state.

        It has the columns by which grains link the table. A row is noticed if it came or went, or if a column differs
        that the grain reads: corrected costs change nothing where nobody looks at costs.
        """
        name = f"changed_{table}"
        if table not in self._bounds:
            self._keep(name, self.pack.tables[table])
        read = columns_read(grain, self.pack.tables[table])
        noticed = " OR ".join(["alone", *(f"{DIFFERS}{column}" for column in sorted(read & self._compared(table)))])
        return f"SELECT * FROM {name} WHERE {noticed}"

    def _compared(self, table: str) -> set[str]:
        """The columns that some grain reads; the key is the same on both sides."""
        spec = self.pack.tables[table]
        linked = [grain for grain in self.pack.grains.values() if table in (grain.base, *grain.links)]
        return {column for grain in linked for column in columns_read(grain, spec)} - set(spec.key)

    def _keep(self, name: str, table: Table) -> None:
        links, compared = {"institution"} | link_columns(self.pack, table.table), sorted(self._compared(table.table))
        columns = ", ".join(f'"{column}"' for column in sorted(links | set(compared)))
        self.engine.keep(BOTH, f"SELECT _side, {columns} FROM ({self.now.changed_sql(table.table, self.then)}) AS c")
        same = " AND ".join(f'o."{column}" = c."{column}"' for column in table.key)
        wanted = [
            *(f'c."{column}"' for column in sorted(links)),
            "o._side IS NULL AS alone",
            *(f'c."{column}" IS DISTINCT FROM o."{column}" AS "{DIFFERS}{column}"' for column in compared),
        ]
        pairs = f"{BOTH} AS c LEFT JOIN {BOTH} AS o ON o._side <> c._side AND {same}"
        self.engine.keep(name, f"SELECT {', '.join(wanted)} FROM {pairs}")
        self.engine.forget(BOTH)
        ends = (f'min("{column}") AS "low_{column}", max("{column}") AS "high_{column}"' for column in sorted(links))
        self._bounds[table.table] = self.engine.query(f"SELECT {', '.join(ends)} FROM {name}").to_pylist()[0]

    def near(self, table: str, link: Link, time: str) -> dict[str, tuple[str, str]]:
        """Ranges of columns of a base table outside of which its rows can't be touched by the changes of another."""
        bounds, found = self._bounds[table], {}
        for column in link.by:
            low, high = bounds[f"low_{column}"], bounds[f"high_{column}"]
            if len(link.by) == 1 and isinstance(low, str) and isinstance(high, str):
                found[column] = low, high
        first, last = bounds.get(f"low_{link.time}"), bounds.get(f"high_{link.time}")
        if link.days and isinstance(first, date) and isinstance(last, date):
            days = first + timedelta(link.days[0]), last + timedelta(link.days[1] + 1)
            found[time] = days[0].isoformat()[:10], days[1].isoformat()[:10]
        return found


def dirty_months(changes: Changes, grain: Grain) -> Months:
    """The months of a grain whose rows may differ between two versions of the lake; None for all."""
    found: set[str] = set()
    if grain.base in changes.tables:
        rows = changes.of(grain.base, grain)
        found |= _column(changes.engine, f"SELECT {month_of(grain.time)} AS month FROM ({rows}) AS c")
    for table in sorted(changes.tables & set(grain.links)):
        link = grain.links[table]
        if link.whole:
            return None
        within = ""
        if link.days:
            within = (
                f" AND b.{grain.time} BETWEEN c.{link.time} + INTERVAL ({link.days[0]}) DAY"
                f" AND c.{link.time} + INTERVAL ({link.days[1] + 1}) DAY"
            )
        changed = changes.of(table, grain)
        near = changes.engine.rows(grain.base, changes.near(table, link, grain.time))
        for column in link.by:
            touched = f"b.institution = c.institution AND b.{column} = c.{column}{within}"
            found |= _column(
                changes.engine,
                f"SELECT {month_of('b.' + grain.time)} AS month FROM ({near}) AS b JOIN ({changed}) AS c ON {touched}",
            )
    return found


def _column(engine: DuckEngine, sql: str) -> set[str]:
    months = engine.query(f"SELECT DISTINCT month FROM ({sql}) AS m WHERE month IS NOT NULL")
    return set(months["month"].to_pylist())


def dirty_periods(
    before: State | None, state: State, months: Mapping[str, Months], open_days: tuple[int, int]
) -> tuple[set[str], set[str]] | None:
    """The periods whose results may differ: of all indicators, and of those alone whose facts changed. None for all.

    `open_days` are the days that a month takes to settle, and the longest follow-up of any definition. For all
    indicators these are the periods that were provisional, and those that a grain has newly reached (an absent
    numerator there turns from unknown into zero) or reaches no longer: none on the same day with the same reach. Where
    an indicator was at fault, it has no results in any period.
    """
    if before is None or before.pack != state.pack or before.faults or any(found is None for found in months.values()):
        return None
    since = _unsettled_since(before, state, *open_days)
    if since is None:
        return None
    changed = {month for dirty in months.values() for month in dirty or ()}
    reached = (span[1] for one in (before, state) for grain in one.spans.values() for span in grain.values())
    last = max([state.as_of[:7], *changed, *reached])
    moved = before.as_of != state.as_of or _spans(before) != _spans(state)
    unsettled = _periods(_months(min([since, before.as_of[:7]]), last)) if moved else set()
    return unsettled, _periods(changed) - unsettled


def _spans(state: State) -> dict[str, dict[str, tuple[object, ...]]]:
    """How far each grain reaches in each institution, alike whether computed or read from a file."""
    return {grain: {name: tuple(span) for name, span in spans.items()} for grain, spans in state.spans.items()}


def _periods(months: Collection[str]) -> set[str]:
    return {period_of(month, kind) for month in months for kind in PERIOD_KINDS}


def _unsettled_since(before: State, state: State, settle_days: int, follow_up_days: int) -> str | None:
    """The first month that could be provisional before, or whose coverage grew; None if coverage changed otherwise."""
    followed = timedelta(days=follow_up_days)
    edge = [f"{date.fromisoformat(before.as_of) - timedelta(days=settle_days) - followed:%Y-%m}"]
    if set(before.spans) != set(state.spans):
        return None
    for grain, spans in state.spans.items():
        for institution in {*spans, *before.spans[grain]}:
            old, new = before.spans[grain].get(institution), spans.get(institution)
            if old is None or new is None or old[0] != new[0] or bool(old[2]) != bool(new[2]) or new[2] < old[2]:
                return None
            if tuple(old) != tuple(new):
                reached = f"{date.fromisoformat(old[2]) - TOLERANCE - followed:%Y-%m}" if old[2] else old[1]
                edge.append(min(old[1], new[1], reached))
    return min(edge)


def _months(first: str, last: str) -> list[str]:
    year, month = map(int, first.split("-"))
    found = []
    while f"{year}-{month:02d}" <= last:
        found.append(f"{year}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
