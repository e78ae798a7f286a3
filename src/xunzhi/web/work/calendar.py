"""Chinese working days, with the make-up days around holidays, and the deadlines that follow.

The national calendar comes from `chinese_calendar`, year by year as the State Council announces it. A hospital may say
otherwise for single days (`CalendarDay`). Beyond the announced years only weekends are known: such days are
provisional (:func:`is_announced`), and pages say so.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import chinese_calendar
from chinese_calendar.constants import holidays
from django.utils import timezone

from xunzhi.web.work.models import CalendarDay

FIRST_YEAR, LAST_YEAR = min(holidays).year, max(holidays).year
"""The years whose holidays the program knows."""

END_OF_DAY = time(23, 59, 59)

_TERM = re.compile(r"(\d+) (working day|day|hour|minute)s?")


def is_announced(day: date) -> bool:
    """Whether the national calendar is known for a day; if not, only weekends count as free."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def is_working_day(day: date, institution: str = "") -> bool:
    """Whether people of an institution work on a day."""
    own = CalendarDay.objects.filter(institution=institution, day=day).values_list("working", flat=True).first()
    return _nationally(day) if own is None else own


def add_working_days(day: date, count: int, institution: str = "") -> date:
    """The `count`-th working day after a day (which itself doesn't count); 0 gives the day itself.

    Raises:
        ValueError: if `count` is negative.
    """
    if count < 0:
        raise ValueError(f"working days can't be negative: {count} / 工作日数不能为负：{count}")
    own = _own_days(institution, day, day + timedelta(days=60 + 3 * count))
    while count:
        day += timedelta(days=1)
        count -= own.get(day, _nationally(day))
    return day


def working_days(first: date, last: date, institution: str = "") -> int:
    """How many working days there are after `first` up to `last`; `last` itself counts."""
    own = _own_days(institution, first, last)
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sum(own.get(day, _nationally(day)) for day in days)


def deadline(start: datetime, term: str, institution: str = "") -> datetime:
    """When a term that begins at `start` ends: "5 working days", "3 days", "8 hours", "30 minutes".

    Terms in days don't count the day they begin, and end when their last day ends; hours and minutes run by the clock.

    Raises:
        ValueError: if the term isn't written so.
    """
    said = _TERM.fullmatch(term.strip())
    if said is None:
        raise ValueError(f'no term {term!r}: write "5 working days", "3 days" or "8 hours" / 时限写法有误：{term!r}')
    count, unit = int(said[1]), said[2]
    if unit in ("hour", "minute"):
        return start + timedelta(**{f"{unit}s": count})
    day = timezone.localdate(start)
    last = add_working_days(day, count, institution) if unit == "working day" else day + timedelta(days=count)
    return timezone.make_aware(datetime.combine(last, END_OF_DAY))


def _nationally(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day)) if is_announced(day) else day.weekday() < 5


def _own_days(institution: str, first: date, last: date) -> dict[date, bool]:
    rows = CalendarDay.objects.filter(institution=institution, day__range=(first, last))
    return dict(rows.values_list("day", "working"))
