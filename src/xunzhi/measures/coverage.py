"""How far the facts reach: what is complete, what is provisional, and what was never collected."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.measures.cube import HOSPITAL, LAST, ROWS

BUSY = 60
"""Rows a month from which a grain shows by its own last day how far it reaches: two a day."""

TOLERANCE = timedelta(days=2)
"""A busy grain may be silent this long at the end of a month (a quiet weekend) and the month is still complete."""

REACH = ("institution", "month", ROWS, LAST)
"""What coverage looks at: of each institution and month the number of rows of a grain, and the day of the last one."""


def reach(sums: pa.Table) -> pa.Table:
    """The part of a cube that coverage looks at."""
    return sums.filter(pc.equal(sums["stratum"], HOSPITAL)).select(list(REACH))


class Coverage:
    """For each grain and institution: the months with rows, and the last day reached.

    Args:
        reached: the reach of each grain; see :func:`reach`.
        as_of: the day of the facts; later ones are dated wrongly or planned.
        settle_days: how long a month may still change.
    """

    def __init__(self, reached: Mapping[str, pa.Table], as_of: date, settle_days: int):
        self.as_of = as_of
        self.settled = as_of - timedelta(days=settle_days)
        self._months: dict[tuple[str, str], list[str]] = {}
        self._reached: dict[tuple[str, str], date] = {}
        for grain, rows in reached.items():
            self._read(grain, rows)
        self._last = {
            institution: max(day for (_, other), day in self._reached.items() if other == institution)
            for _, institution in self._reached
        }
        self.all_months = tuple(sorted({month for months in self._months.values() for month in months}))

    def _read(self, grain: str, reached: pa.Table) -> None:
        counts: dict[str, list[int]] = {}
        for institution, month, n, last in zip(*reached.to_pydict().values(), strict=True):
            key = grain, institution
            self._months.setdefault(key, []).append(month)
            counts.setdefault(institution, []).append(int(n))
            if last <= self.as_of:
                self._reached[key] = max(last, self._reached.get(key, date.min))
        for institution, numbers in counts.items():
            if np.median(numbers) < BUSY:
                self._reached.pop((grain, institution), None)

    def months(self, grain: str, institution: str) -> tuple[str, str] | None:
        """First and last month with rows; None where the grain has none."""
        months = self._months.get((grain, institution))
        return (min(months), max(months)) if months else None

    def through(self, grain: str, institution: str) -> date | None:
        """The last day that the grain's facts reach; a quiet grain is taken to reach as far as the busy ones."""
        return self._reached.get((grain, institution)) or self._last.get(institution)

    def spans(self) -> dict[str, dict[str, tuple[str, str, str]]]:
        """Grain → institution → first month, last month, and for a busy grain the last day reached (else '')."""
        found: dict[str, dict[str, tuple[str, str, str]]] = {}
        for (grain, institution), months in self._months.items():
            reached = self._reached.get((grain, institution))
            span = min(months), max(months), reached.isoformat() if reached else ""
            found.setdefault(grain, {})[institution] = span
        return found

    def provisional(self, grain: str, institution: str, last_month: str, follow_up_days: int = 0) -> bool:
        """Whether a period that ends with this month may still change: its rows are followed up for so many days."""
        end = _last_day(last_month) + timedelta(days=follow_up_days)
        reached = self.through(grain, institution)
        return end > self.settled or (reached is not None and reached + TOLERANCE < end)


@lru_cache(maxsize=4096)
def _last_day(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year, number, monthrange(year, number)[1])
