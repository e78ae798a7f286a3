"""When something is due: pure arithmetic on moments, in the hospital's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""A hospital in China has no summer time: each local time exists once a day."""


class Schedule(Protocol):
    """Moments at which something is due."""

    def after(self, moment: datetime) -> datetime:
        """The first due moment later than `moment`."""
        ...


@dataclass(frozen=True)
class Every:
    """Every so often, counted from midnight 1 January 1970 UTC, so that all processes agree."""

    length: timedelta

    def after(self, moment: datetime) -> datetime:
        """The first due moment later than `moment`."""
        epoch = datetime(1970, 1, 1, tzinfo=moment.tzinfo).replace(tzinfo=ZoneInfo("UTC"))
        return epoch + ((moment - epoch) // self.length + 1) * self.length


@dataclass(frozen=True)
class Daily:
    """Each day at a time."""

    at: time

    def after(self, moment: datetime) -> datetime:
        """The first due moment later than `moment`."""
        today = moment.astimezone(ZONE).date()
        due = datetime.combine(today, self.at, ZONE)
        return due if due > moment else datetime.combine(today + timedelta(days=1), self.at, ZONE)


def due(schedule: Schedule, reached: datetime, now: datetime) -> Iterator[datetime]:
    """The due moments after `reached`, up to and including `now`, in order."""
    moment = schedule.after(reached)
    while moment <= now:
        yield moment
        moment = schedule.after(moment)
