"""Deadlines of cases: when the next step is due, and who is reminded of it when."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from time import sleep
from typing import Any

from django.db import transaction
from django.utils import timezone

from xunzhi.standards import Label
from xunzhi.standards.cases import Step, Transition
from xunzhi.web.cases.models import Case, Cases, LogEntry, Reminder
from xunzhi.web.cases.notices import worded
from xunzhi.web.cases.parties import people
from xunzhi.web.work.calendar import add_working_days, deadline
from xunzhi.web.work.services import remind

log = logging.getLogger("xunzhi.cases")

END_OF_DAY = time(23, 59, 59)

SOON = Label(zh="{type} {number} 将于 {due} 到期：{title}", en="{type} {number} is due {due}: {title}")
NOW = Label(zh="{type} {number} 今日到期：{title}", en="{type} {number} is due now: {title}")
LATE = Label(zh="{type} {number} 已逾期（期限 {due}）：{title}", en="{type} {number} is overdue since {due}: {title}")

HORIZON = timedelta(days=40)
"""How long before a deadline the job begins to look at a case; longer than any first reminder."""

LOT = 500
"""Cases that the job reads at once."""

BREATH = 0.01
"""Seconds between two cases: SQLite has one writer at a time, and after a long stop there are thousands to remind."""


def due_after(case: Case, step: Transition, values: dict[str, Any], now: datetime) -> datetime | None:
    """When the state that a step enters is due; a step that stays in its state keeps the deadline if it sets none."""
    form = case.form
    entered = step.to or case.state
    if form.states[entered].kind == "done":
        return None
    if step.within is not None:
        return deadline(now, step.within, case.institution)
    if step.due is not None:
        return _moment(values.get(step.due))
    return case.due_at if step.keeps_due or step.to is None else None


def _moment(value: str | None) -> datetime | None:
    """A stored date (its end) or time."""
    if value is None:
        return None
    local = datetime.fromisoformat(value) if "T" in value else datetime.combine(date.fromisoformat(value), END_OF_DAY)
    return timezone.make_aware(local)


def falls_at(step: Step, due: datetime, institution: str) -> datetime:
    """When a step of the ladder is to be taken for a deadline: to the minute, or in the morning of a day."""
    term = step.after or step.before
    if term is None:
        return _morning(timezone.localdate(due))
    count, unit = int(term.split()[0]), term.split(" ", 1)[1]
    if unit.startswith(("hour", "minute")):
        distance = deadline(due, term, institution) - due
        return due + distance if step.after else due - distance
    day = timezone.localdate(due)
    if step.after:
        return _morning(timezone.localdate(deadline(due, term, institution)))
    return _morning(
        day - timedelta(days=count) if unit.startswith("day") else _working_days_before(day, count, institution)
    )


def _working_days_before(day: date, count: int, institution: str) -> date:
    """The working day from which `count` working days lead to a day."""
    earlier = day
    while add_working_days(earlier, count, institution) >= day and earlier > day - timedelta(days=60 + 3 * count):
        earlier -= timedelta(days=1)
    return earlier + timedelta(days=1)


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(8)))


def take_steps(now: datetime | None = None) -> int:
    """Take every step of the ladders that has fallen due and was not taken; each once. Returns how many were taken.

    Of several steps missed (the program was down), all are taken: each tells other people.

    Raises:
        RuntimeError: naming the cases whose steps could not be taken, after those of all others were.
    """
    now = now or timezone.now()
    count, failed = 0, []
    for case in _waiting_cases(now):
        try:
            if steps := _fallen(case, now):
                count += _take(case, steps, now)
                sleep(BREATH)
        except Exception:
            log.exception("no reminders for case %s", case.number)
            failed.append(case.number)
    if failed:
        numbers = ", ".join(failed)
        raise RuntimeError(f"以下事项无法发送期限提醒 / no reminders of deadlines could be sent for: {numbers}")
    return count


def _waiting(now: datetime) -> Cases:
    return Case.objects.filter(closed_at=None, due_at__lte=now + HORIZON)


def _waiting_cases(now: datetime) -> Iterator[Case]:
    """Cases that may have steps to take. Each lot is read to its end first: beside an open cursor SQLite waits."""
    waiting = list(_waiting(now).order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(waiting), LOT):
        lot = _waiting(now).filter(pk__in=waiting[first : first + LOT])
        yield from lot.light("opened_by__person", "assignee").prefetch_related("reminders")


def _fallen(case: Case, now: datetime) -> list[tuple[int, Step]]:
    """The steps of a case to take, with their numbers."""
    taken = {one.step for one in case.reminders.all() if one.due_at == case.due_at}
    return [
        (number, step)
        for number, step in enumerate(case.form.ladder)
        if number not in taken and case.due_at and falls_at(step, case.due_at, case.institution) <= now
    ]


@transaction.atomic
def _take(case: Case, steps: list[tuple[int, Step]], now: datetime) -> int:
    """Take steps of a case, unless another worker did or the deadline has changed; how many were taken here."""
    if not Case.objects.filter(pk=case.pk, version=case.version, due_at=case.due_at).exists():
        return 0
    return sum(_take_one(case, number, step, now) for number, step in steps)


def _take_one(case: Case, number: int, step: Step, now: datetime) -> bool:
    _reminder, new = Reminder.objects.get_or_create(case=case, due_at=case.due_at, step=number)
    if not new:
        return False
    told = people(case, step.to)
    text = LATE if step.after else NOW if step.before is None else SOON
    zh, en = worded(case, text)
    level = sum(one.after is not None for one in case.form.ladder[: number + 1])
    remind(told, zh, en, case.get_absolute_url(), f"case {case.pk} {case.due_at:%Y-%m-%d %H:%M} step {number}", level)
    LogEntry.objects.create(
        case=case, kind=LogEntry.Kind.REMINDED, at=now, version=case.version, round=case.round, due_at=case.due_at,
        comment="、".join(person.name for person in told),
    )  # fmt: skip
    return True
