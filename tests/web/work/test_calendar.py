"""Chinese working days and deadlines."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xunzhi.web.work.calendar import LAST_YEAR, add_working_days, deadline, is_announced, is_working_day
from xunzhi.web.work.models import CalendarDay

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2010, 1, 1), date(2030, 12, 31))
quick = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        # 国务院办公厅关于 2025 年部分节假日安排的通知：国庆、中秋 10 月 1–8 日放假，9 月 28 日、10 月 11 日上班；
        # 春节 1 月 28 日–2 月 4 日放假，1 月 26 日、2 月 8 日上班。
        (date(2025, 9, 28), True),
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),
        (date(2025, 10, 12), False),
        (date(2025, 1, 26), True),
        (date(2025, 1, 28), False),
        (date(2025, 2, 4), False),
        (date(2025, 2, 8), True),
        (date(2025, 2, 9), False),
    ],
)
def test_holidays_and_make_up_days_are_those_announced(day: date, working: bool) -> None:
    assert is_working_day(day) is working


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        # The Friday before the make-up Sunday: Sun 28, Mon 29, Tue 30 September, then Thu 9, Fri 10 October.
        ("2025-09-26 09:00", "5 working days", "2025-10-10 23:59:59"),
        ("2025-09-26 09:00", "6 working days", "2025-10-11 23:59:59"),
        # Spring Festival: Mon 27 January, then Wed 5 February.
        ("2025-01-26 17:00", "2 working days", "2025-02-05 23:59:59"),
        ("2025-09-30 23:30", "8 hours", "2025-10-01 07:30"),
        ("2025-09-30 23:30", "3 days", "2025-10-03 23:59:59"),
        ("2025-09-30 23:30", "1 day", "2025-10-01 23:59:59"),
        ("2025-09-30 23:30", "30 minutes", "2025-10-01 00:00"),
        ("2025-07-07 08:00", "1 working day", "2025-07-08 23:59:59"),
    ],
)
def test_terms_end_when_the_rule_says(start: str, term: str, end: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    assert deadline(begun, term) == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("term", ["", "five days", "5 weeks", "-1 days", "5working days"])
def test_a_term_that_cannot_be_read_is_refused(term: str) -> None:
    with pytest.raises(ValueError, match="时限"):
        deadline(datetime(2025, 1, 1, tzinfo=SHANGHAI), term)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="工作日"):
        add_working_days(date(2025, 1, 1), -1)


def test_a_hospital_may_differ_for_single_days() -> None:
    CalendarDay.objects.create(institution="H1", day=date(2025, 10, 8), working=True, reason="门诊开放")
    assert is_working_day(date(2025, 10, 8), "H1")
    assert not is_working_day(date(2025, 10, 8), "H2")
    assert add_working_days(date(2025, 9, 30), 1, "H1") == date(2025, 10, 8)
    assert add_working_days(date(2025, 9, 30), 1, "H2") == date(2025, 10, 9)


def test_beyond_the_announced_years_only_weekends_are_free_and_that_is_said() -> None:
    national_day = date(LAST_YEAR + 1, 10, 1)
    assert not is_announced(national_day)
    assert is_announced(date(LAST_YEAR, 12, 31))
    assert is_working_day(national_day) is (national_day.weekday() < 5)


@quick
@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_adding_twice_is_adding_the_sum(day: date, first: int, second: int) -> None:
    assert add_working_days(add_working_days(day, first), second) == add_working_days(day, first + second)


@quick
@given(DAYS, DAYS, st.integers(0, 40))
def test_who_starts_later_never_ends_earlier(one: date, other: date, count: int) -> None:
    earlier, later = sorted((one, other))
    assert add_working_days(earlier, count) <= add_working_days(later, count)


@quick
@given(DAYS, st.integers(1, 40))
def test_a_term_ends_on_a_working_day_after_as_many_of_them(day: date, count: int) -> None:
    end = add_working_days(day, count)
    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert is_working_day(end)
    assert sum(map(is_working_day, between)) == count
