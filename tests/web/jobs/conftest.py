"""Jobs for the tests, declared as rooms declare theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from xunzhi.web.jobs import registry

Declare = Callable[[str, Callable[..., None]], None]


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declare a kind of job for one test: `declare("name", run)`."""
    registry.kinds()
    kinds, plans = dict(registry._kinds), dict(registry._plans)
    followers: dict[str, Any] = {name: list(found) for name, found in registry._followers.items()}
    yield lambda name, run: (registry.job(name, name)(run), None)[1]
    for known, before in ((registry._kinds, kinds), (registry._plans, plans), (registry._followers, followers)):
        known.clear()
        known.update(before)  # type: ignore[arg-type]
