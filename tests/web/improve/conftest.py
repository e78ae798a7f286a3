"""What the tests of improvement share."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.utils import translation


@pytest.fixture
def english() -> Iterator[None]:
    """Speak English."""
    with translation.override("en"):
        yield


@pytest.fixture
def world(units: SimpleNamespace, people: SimpleNamespace) -> SimpleNamespace:
    """The hospital and its people."""
    return SimpleNamespace(units=units, people=people)
