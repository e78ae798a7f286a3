"""Who may open what belongs to no room (see permission_kit.py)."""

from __future__ import annotations

from tests.web.permission_kit import PUBLIC, Page

PAGES = [
    Page("health", may=PUBLIC),
    Page("language", may=PUBLIC, method="post", data=lambda world: {"language": "en"}),
]
