"""What other rooms show on the page of a case: their case_panels.py has `panels(request, case) -> Iterable[Panel]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from django.conf import settings
from django.http import HttpRequest

from xunzhi.web.cases.models import Case


@dataclass(frozen=True)
class Panel:
    """A card on the page of a case: `template` is drawn with `context` and the `case`.

    `place`: below the fields ("main") or among the facts beside them ("side").
    """

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    place: Literal["main", "side"] = "main"


class Source(Protocol):
    """A case_panels.py."""

    def panels(self, request: HttpRequest, case: Case) -> Iterable[Panel]:
        """The panels of the room for a case; none if it has nothing to say."""
        ...


@cache
def _sources() -> tuple[Source, ...]:
    rooms = [f"xunzhi.web.{room}.case_panels" for room in settings.ROOMS]
    return tuple(import_module(name) for name in rooms if find_spec(name))  # type: ignore[misc]


def panels(request: HttpRequest, case: Case) -> Iterator[Panel]:
    """The panels of all rooms."""
    for source in _sources():
        yield from source.panels(request, case)
