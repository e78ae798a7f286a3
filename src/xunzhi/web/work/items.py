"""What rooms hand to "My work" (their work_items.py) and to the search page (their search.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Whose = Literal["mine", "unit", "followed"]


@dataclass(frozen=True)
class WorkItem:
    """Something that waits.

    `key` is unique in the site (`case 12`); `title` names the thing, `why` says what is asked ("Reply with cause and
    measures"), both in the reader's language; `due` is when it must be done, if it must; `kind` is the short label by
    which people filter (the name of the case type); `whose`: waits for me, is owed by a unit of mine, or only followed.
    """

    key: str
    title: str
    link: str
    why: str
    kind: str
    due: datetime | None = None
    since: datetime | None = None
    unit: str = ""
    whose: Whose = "mine"
    icon: str = "clipboard-list"


@dataclass(frozen=True)
class Hit:
    """Something found: `kind` is the label of its group on the search page, `note` what tells it from its like."""

    title: str
    link: str
    kind: str
    note: str = ""
    icon: str = "search"
