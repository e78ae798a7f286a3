"""All that waits for a person, from every room."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from xunzhi.web.permissions import Access
from xunzhi.web.work.items import WorkItem
from xunzhi.web.work.rooms import offered


def everything(access: Access) -> list[WorkItem]:
    """What the rooms' work_items.py say, what is due first on top; the same thing once."""
    found: dict[str, WorkItem] = {}
    for waiting in offered("work_items", "waiting"):
        for item in waiting(access):
            found.setdefault(item.key, item)
    far = datetime.max.replace(tzinfo=timezone.get_current_timezone())
    return sorted(found.values(), key=lambda item: (item.due or far, item.key))
