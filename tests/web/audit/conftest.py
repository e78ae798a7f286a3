"""A log of its own for each test, with its signed marks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from xunzhi.web.audit import anchors
from xunzhi.web.audit.guards import guard, lift


@pytest.fixture(autouse=True)
def marks() -> Iterator[None]:
    """No marks of an earlier test."""
    anchors.file().unlink(missing_ok=True)
    yield
    anchors.file().unlink(missing_ok=True)


@pytest.fixture
def guarded(db: None) -> Iterator[None]:
    """The triggers, as every installation has them."""
    guard(connection)
    yield
    lift(connection)
