"""Digests: a person's work in one message, what the units below owe to who heads them; once for each period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access
from xunzhi.web.work import digests as digests_module
from xunzhi.web.work import waiting
from xunzhi.web.work.digests import DigestError, current_period, write_due
from xunzhi.web.work.items import WorkItem
from xunzhi.web.work.models import Notification, Preference

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # 8:00 in the hospital


def item(number: int, whose: str = "mine", unit: str = "", days: float = 1) -> WorkItem:
    """A notice that is due in some days."""
    return WorkItem(
        f"case {number}", f"通知 {number}", f"/cases/{number}", "填写措施", "整改通知",
        due=MONDAY + timedelta(days=days), unit=unit, whose=whose,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def offering(monkeypatch: pytest.MonkeyPatch, people: object) -> Callable[..., None]:
    """Let a room say what waits, by user name."""

    def offer(**by_name: list[WorkItem]) -> None:
        def waits(access: Access) -> Iterator[WorkItem]:
            yield from by_name.get(access.user.username, [])

        monkeypatch.setattr(waiting, "offered", lambda module, function: (waits,))

    return offer


def digests() -> dict[str, str]:
    return {n.person.name: n.text_en for n in Notification.objects.filter(kind="digest").select_related("person")}


def test_a_digest_names_what_waits_and_what_is_overdue_and_comes_once(offering) -> None:
    offering(head_a=[item(1, days=-1), item(2)])
    with time_machine.travel(MONDAY, tick=False) as clock:
        assert write_due() == 1
        assert write_due() == 0
        text = digests()["head_a"]
        assert text.splitlines()[0] == "Your work: 2 waiting, 1 overdue"
        assert "[overdue] 通知 1" in text
        clock.shift(timedelta(hours=3))
        assert write_due() == 0
        clock.shift(timedelta(days=1))
        assert write_due() == 1


def test_a_head_sees_what_the_units_below_owe(offering) -> None:
    below = [item(1, "unit", "心内一病区", days=-2), item(2, "unit", "心内一病区"), item(3, "unit", "心血管内科")]
    offering(head_a=below)
    with time_machine.travel(MONDAY, tick=False):
        write_due()
    text = digests()["head_a"]
    assert "3 owed by your units, 1 overdue" in text
    assert text.index("心内一病区: 2, 1 overdue") < text.index("心血管内科: 1")


def test_who_has_nothing_to_do_gets_no_digest(offering) -> None:
    offering()
    with time_machine.travel(MONDAY, tick=False):
        assert write_due() == 0


def test_one_digest_that_fails_keeps_no_other_back(offering, monkeypatch) -> None:
    offering(head_a=[item(1)], officer=[item(2)], nurse_a=[item(3)])
    compose = digests_module.compose

    def stumble(person: Person, now: datetime, code: str) -> str:
        if person.name == "head_a":
            raise ZeroDivisionError
        return compose(person, now, code)

    with time_machine.travel(MONDAY, tick=False):
        with monkeypatch.context() as broken:
            broken.setattr(digests_module, "compose", stumble)
            with pytest.raises(DigestError, match="1 digests"):
                write_due()
        assert set(digests()) == {"officer", "nurse_a"}
        assert write_due() == 1


def test_chinese_and_english_stand_side_by_side(offering) -> None:
    offering(head_a=[item(1)])
    with time_machine.travel(MONDAY, tick=False):
        write_due()
    digest = Notification.objects.get(kind="digest")
    assert digest.text_zh.splitlines()[0] == "我的工作：待办 1 项"


def test_the_digest_comes_when_its_hour_has_come_also_late(offering, people) -> None:
    offering(head_a=[item(1)])
    Preference.objects.create(person=people.head_a.person, digest_at=time(9, 30))
    with time_machine.travel(MONDAY, tick=False) as clock:
        assert write_due() == 0
        clock.shift(timedelta(hours=5))
        assert write_due() == 1


@pytest.mark.parametrize(
    ("wanted", "moment", "working", "period"),
    [
        ("daily", "2026-03-02 07:29", True, ""),
        ("daily", "2026-03-02 07:30", True, "daily 2026-03-02"),
        ("daily", "2026-03-01 12:00", False, ""),
        ("weekly", "2026-03-02 07:29", True, ""),
        ("weekly", "2026-03-02 07:30", True, "weekly 2026-03-02"),
        ("weekly", "2026-03-08 00:01", False, "weekly 2026-03-02"),
        ("none", "2026-03-02 12:00", True, ""),
    ],
)
def test_when_a_digest_is_due(wanted: str, moment: str, working: bool, period: str) -> None:
    now = datetime.fromisoformat(f"{moment}+08:00")
    assert current_period(Preference(digest=wanted, digest_at=time(7, 30)), now, working) == period
