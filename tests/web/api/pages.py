"""Who may ask for what isn't there; all else of the API is tried in test_api.py."""

from __future__ import annotations

from tests.web.permission_kit import EVERYONE, PUBLIC, Page

PAGES = [Page("no-api", may=PUBLIC, answers=(404,)), Page("api-docs", may=EVERYONE)]
