"""Who may open the pages of accounts (see permission_kit.py)."""

from __future__ import annotations

from tests.web.permission_kit import EVERYONE, PUBLIC, Page

PAGES = [
    Page("accounts:login", may=PUBLIC),
    Page("accounts:logout", may=PUBLIC, method="post"),
    Page("accounts:profile", may=EVERYONE),
]
