"""The theatre list: who was operated when and where, one operation after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xunzhi.synth.catalog import operations
from xunzhi.synth.columns import Array, day_of, hours, minutes
from xunzhi.synth.month import Month
from xunzhi.synth.world import DOCTOR


@dataclass(frozen=True)
class Trips:
    """Procedures and operations of a month, ordered by stay and importance. `previous`: place of the operation that a
    return to theatre follows, else -1.
    """

    stay: Array
    kind: Array
    start: Array
    end: Array
    theatre: Array  # is an operation or intervention
    previous: Array
    urgency: Array
    cancelled: Array


def make_trips(month: Month) -> Trips:
    """What was done to whom and when."""
    rng, stays, table = month.rng("trips"), month.stays, operations()
    odds = month.cases.operation[stays.case]
    stay, kind = np.nonzero(rng.random(odds.shape) < odds)
    duration = np.maximum(table["minutes"][kind] * np.exp(rng.normal(0, 0.3, len(kind))), 5)
    urgency = np.where(stays.emergency[stay], np.where(rng.random(len(stay)) < 0.55, 2, 1), 0)
    urgency = np.where((urgency == 0) & (rng.random(len(stay)) < 0.12), 1, urgency)
    theatre = np.isin(table["category"][kind], ("operation", "intervention"))
    start = _starts(rng, month, stay, urgency, duration)
    start = _in_turn(month, stay, start, duration, theatre & (urgency < 2))
    cancelled = theatre & month.hit(rng, "operation_cancelled", stay, start)
    first = Trips(stay, kind, start, start + minutes(duration), theatre, np.full(len(stay), -1), urgency, cancelled)
    trips = _with_returns(rng, month, first)
    order = np.lexsort((-trips.kind, -table["level"][trips.kind], trips.previous >= 0, trips.stay))
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    previous = np.where(trips.previous >= 0, position[trips.previous], -1)[order]
    return Trips(
        trips.stay[order], trips.kind[order], trips.start[order], trips.end[order], trips.theatre[order],
        previous, trips.urgency[order], trips.cancelled[order],
    )  # fmt: skip


def _starts(rng: np.random.Generator, month: Month, stay: Array, urgency: Array, duration: Array) -> Array:
    stays, count = month.stays, len(stay)
    came, left = stays.admission[stay], stays.discharge[stay]
    room = (left - came).astype(np.int64) / 3600
    slower = month.rates.factor("preoperative_days", stays.unit[stay], left)
    wait = np.minimum(np.floor(1 + rng.gamma(2.0, 0.9, count) * slower), np.maximum(room / 24 - 1.2, 0) // 1)
    planned = day_of(came + hours(24 * wait)).astype("M8[s]") + hours(8.4 + 9 * rng.beta(1, 1.7, count))
    urgent = came + hours(1 + 5 * rng.random(count))
    last = left - hours(2.5 + 34 * rng.random(count)) - minutes(duration)
    start = np.where(stays.died[stay] & (rng.random(count) < 0.3), last, np.where(urgency == 2, urgent, planned))
    return _inside(month, stay, start, duration)


def _inside(month: Month, stay: Array, start: Array, duration: Array) -> Array:
    """The start, moved so that the operation lies within the stay."""
    latest = month.stays.discharge[stay] - minutes(duration + 150)
    return np.asarray(np.maximum(np.minimum(start, latest), month.stays.admission[stay] + np.timedelta64(45, "m")))


def rooms(month: Month) -> int:
    """Number of theatres for planned operations; four more are for emergencies."""
    return max(4, month.hospital.beds // 40)


def _in_turn(month: Month, stay: Array, start: Array, duration: Array, planned: Array) -> Array:
    """Planned operations of a theatre follow each other: each waits until the one before is done.

    With C the time that the operations before take, the start of each is C + the running maximum of (planned - C).
    """
    rows = np.flatnonzero(planned)
    slot = day_of(start[rows]).astype(np.int64) * 1000 + month.stays.unit[stay[rows]] % rooms(month)
    order = np.lexsort((start[rows], slot))
    rows, slot = rows[order], slot[order]
    taken = (duration[rows] + 25) * 60
    before = np.cumsum(taken) - taken
    first = np.searchsorted(slot, slot)
    before = before - before[first]
    free = (start[rows] - day_of(start[rows])).astype(np.int64) - before
    queue = np.cumsum(np.append(True, slot[1:] != slot[:-1])) * 1e9
    earliest = np.maximum.accumulate(free + queue) - queue + before
    moved = start.copy()
    moved[rows] = day_of(start[rows]).astype("M8[s]") + earliest.astype(np.int64).astype("m8[s]")
    return _inside(month, stay, moved, duration)


def _with_returns(rng: np.random.Generator, month: Month, trips: Trips) -> Trips:
    """Unplanned returns to the theatre in the same stay are added at the end."""
    stays, table = month.stays, operations()
    surgical = trips.theatre & ~trips.cancelled & (table["level"][trips.kind] >= 2)
    due = surgical & month.hit(rng, "unplanned_reoperation", trips.stay, trips.end)
    rows = np.flatnonzero(due)
    start = trips.end[rows] + hours(4 + rng.exponential(44, len(rows)))
    last = stays.discharge[trips.stay[rows]] - np.timedelta64(4, "h")
    start = np.minimum(start, last)
    rows, start = rows[start > trips.end[rows]], start[start > trips.end[rows]]
    end = np.minimum(start + minutes(60 + 60 * rng.random(len(rows))), last + np.timedelta64(2, "h"))
    added = (
        trips.stay[rows], trips.kind[rows], start, end, trips.theatre[rows], rows, np.full(len(rows), 2),
        np.zeros(len(rows), bool),
    )  # fmt: skip
    mine = (
        trips.stay,
        trips.kind,
        trips.start,
        trips.end,
        trips.theatre,
        trips.previous,
        trips.urgency,
        trips.cancelled,
    )
    return Trips(*(np.concatenate(pair) for pair in zip(mine, added, strict=True)))


def theatre_of(month: Month, unit: Array, start: Array, urgency: Array) -> Array:
    """The theatre of each operation: wards have their own, emergencies go to four others."""
    extra = rooms(month) + start.astype(np.int64) // 1800 % 4
    return np.asarray(1 + np.where(urgency == 2, extra, unit % rooms(month)))


def anaesthetists(month: Month, trips: Trips) -> Array:
    """One anaesthetist for each theatre and day."""
    staff = month.staff
    team = np.flatnonzero((staff.category == DOCTOR) & (staff.unit == month.units.of_kind("anaesthesia")))
    theatre = theatre_of(month, month.stays.unit[trips.stay], trips.start, trips.urgency)
    return team[(day_of(trips.start).astype(np.int64) + theatre) % len(team)]
