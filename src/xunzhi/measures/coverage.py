"""How far the facts reach: what is complete, what is provisional, and what was never collected."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from xunzhi.measures.cube import HOSPITAL, LAST, ROWS

BUSY = 60
"""Rows a month from which a grain shows by its own last day how far it reaches: two a day."""

TOLERANCE = timedelta(days=2)
"""A busy grain may be silent this long at the end of a month (a quiet weekend) and the month is still complete."""


class Coverage:
    """For each grain and institution: the months with rows, and the last day reached."""

    def __init__(self, cubes: Mapping[str, pa.Table], as_of: date, settle_days: int):
        self.as_of = as_of
        self.settled = as_of - timedelta(days=settle_days)
        self._months: dict[tuple[str, str], list[str]] = {}
        self._reached: dict[tuple[str, str], date] = {}
        for grain, sums in cubes.items():
            self._read(grain, sums)
        self._last = {
            institution: max(day for (_, other), day in self._reached.items() if other == institution)
            for _, institution in self._reached
        }

    def _read(self, grain: str, sums: pa.Table) -> None:
        rows = sums.select(["institution", "month", "stratum", ROWS, LAST]).to_pydict()
        counts: dict[str, list[int]] = {}
        for institution, month, stratum, n, last in zip(*rows.values(), strict=True):
            if stratum != HOSPITAL:
                continue
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

    def provisional(self, grain: str, institution: str, last_month: str) -> bool:
        """Whether a period that ends with this month may still change."""
        year, month = map(int, last_month.split("-"))
        end = date(year, month, monthrange(year, month)[1])
        reached = self.through(grain, institution)
        return end > self.settled or (reached is not None and reached + TOLERANCE < end)
