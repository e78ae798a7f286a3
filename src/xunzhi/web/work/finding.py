"""The search page: what every room finds for a text."""

from __future__ import annotations

from itertools import islice

from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Hit
from xunzhi.web.work.rooms import offered

MOST = 20
"""Hits that one room may give."""


def everywhere(access: Access, text: str) -> dict[str, list[Hit]]:
    """What the rooms' search.py find, grouped by kind; nothing for an empty text."""
    groups: dict[str, list[Hit]] = {}
    if text:
        for find in offered("search", "found"):
            for hit in islice(find(access, text), MOST):
                groups.setdefault(hit.kind, []).append(hit)
    return groups
