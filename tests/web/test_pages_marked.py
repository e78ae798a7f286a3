"""Every address says who may open it: no view without a mark (see xunzhi.web.permissions)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from xunzhi.web.permissions import roles


def _views(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


VIEWS = dict(_views(get_resolver().url_patterns))


@pytest.mark.parametrize("address", [address for address in VIEWS if not address.startswith("api/")])
def test_every_view_says_who_may_open_it(address: str) -> None:
    needs = getattr(VIEWS[address], "needs", None)
    assert needs, f"{address}: mark the view with @requires, @signed_in or @public"
    assert needs in {"nothing", "signed in"} or needs in roles().permissions, f"{address}: no permission {needs!r}"
