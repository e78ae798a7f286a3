"""All that waits for a person, from every room, in the order in which to do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xunzhi.web.permissions import Access
from xunzhi.web.work.calendar import LAST_YEAR
from xunzhi.web.work.items import Whose, WorkItem
from xunzhi.web.work.rooms import offered

TABS: dict[Whose, str | Promise] = {
    "mine": _("Waits for me"),
    "unit": _("Owed by my department"),
    "followed": _("I follow"),
}
URGENCY = {
    "overdue": _("Overdue"),
    "today": _("Today"),
    "week": _("This week"),
    "later": _("Later"),
    "open": _("Without deadline"),
}

SHORT = 12
"""So many items of an urgency are shown at first: a person does the first of them, he doesn't read a thousand."""


def everything(access: Access) -> list[WorkItem]:
    """What the rooms' work_items.py say, what is due first on top; the same thing once."""
    found: dict[str, WorkItem] = {}
    for waiting in offered("work_items", "waiting"):
        for item in waiting(access):
            found.setdefault(item.key, item)
    far = datetime.max.replace(tzinfo=timezone.get_current_timezone())
    return sorted(found.values(), key=lambda item: (item.due or far, item.since or far, item.key))


@dataclass(frozen=True)
class Filters:
    """What of it is shown, as the query string says."""

    whose: Whose = "mine"
    kind: str = ""
    unit: str = ""
    text: str = ""
    urgency: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """Read the query string; what it doesn't know is the first tab."""
        whose = query.get("whose", "mine")
        chosen: Whose = whose if whose in TABS else "mine"  # type: ignore[assignment]
        given = {name: query.get(name, "") for name in ("kind", "unit", "urgency")}
        return cls(chosen, text=query.get("q", "").strip(), **given)

    def matches(self, item: WorkItem) -> bool:
        """Whether an item of the tab is shown, if its urgency is."""
        text = self.text.casefold()
        return (
            self.kind in ("", item.kind)
            and self.unit in ("", item.unit)
            and (not text or text in f"{item.title} {item.why} {item.unit}".casefold())
        )

    @property
    def narrowed(self) -> bool:
        """Whether more than a tab was chosen."""
        return bool(self.kind or self.unit or self.text or self.urgency)


@dataclass(frozen=True)
class Desk:
    """The page of a person: everything, what is shown of it, and how urgent that is."""

    items: Sequence[WorkItem]
    filters: Filters
    now: datetime

    @cached_property
    def tab(self) -> list[WorkItem]:
        """The items of the tab that is open."""
        return [item for item in self.items if item.whose == self.filters.whose]

    @cached_property
    def shown(self) -> list[WorkItem]:
        """The items that pass the filters."""
        return [item for group in self._by_urgency.values() for item in group]

    @cached_property
    def _by_urgency(self) -> dict[str, list[WorkItem]]:
        chosen = self.filters.urgency
        found: dict[str, list[WorkItem]] = {name: [] for name in URGENCY}
        for item in self.tab:
            name = urgency(item.due, self.now)
            if chosen in ("", name) and self.filters.matches(item):
                found[name].append(item)
        return found

    @property
    def groups(self) -> Iterator[tuple[str, str | Promise, list[WorkItem], int]]:
        """Urgency, its label, its first items (all, if it was asked for) and how many there are; most urgent first."""
        for name, label in URGENCY.items():
            if items := self._by_urgency[name]:
                yield name, label, items if self.filters.urgency else items[:SHORT], len(items)

    @cached_property
    def tabs(self) -> list[tuple[Whose, str | Promise, int]]:
        """The tabs with their numbers."""
        counts = Counter(item.whose for item in self.items)
        return [(whose, label, counts[whose]) for whose, label in TABS.items() if counts[whose] or whose == "mine"]

    @cached_property
    def kinds(self) -> list[tuple[str, int]]:
        """The kinds in the tab, with their numbers."""
        return sorted(Counter(item.kind for item in self.tab).items())

    @cached_property
    def units(self) -> list[tuple[str, int]]:
        """The units in the tab, with their numbers: who owes most comes first."""
        return Counter(item.unit for item in self.tab if item.unit).most_common()

    @property
    def counts(self) -> dict[str, int]:
        """How much of what waits for the person is how urgent."""
        counts = Counter(urgency(item.due, self.now) for item in self.items if item.whose == "mine")
        return {name: counts[name] for name in URGENCY}

    @property
    def uncertain(self) -> bool:
        """Whether a deadline falls into a year whose holidays aren't announced."""
        return any(item.due and timezone.localdate(item.due).year > LAST_YEAR for item in self.shown)


def urgency(due: datetime | None, now: datetime) -> str:
    """A key of URGENCY; a week ends on Sunday."""
    if due is None:
        return "open"
    if due < now:
        return "overdue"
    today, day = timezone.localdate(now), timezone.localdate(due)
    if day == today:
        return "today"
    return "week" if day <= _sunday(today) else "later"


def _sunday(day: date) -> date:
    return day + timedelta(days=6 - day.weekday())
