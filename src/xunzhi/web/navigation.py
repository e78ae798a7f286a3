"""The side bar: rooms declare their entries in a navigation.py with ENTRIES; people see what they may open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from xunzhi.web.permissions import Access

SECTIONS = {
    "work": _("Work"),
    "monitor": _("Monitoring"),
    "improve": _("Improvement"),
    "cases": _("Registers"),
    "manage": _("Administration"),
}
"""Sections of the side bar in their order."""


@dataclass(frozen=True)
class Entry:
    """A link of the side bar; `permission` None: for everyone who is signed in."""

    section: str
    label: str | Promise
    url: str
    icon: str
    permission: str | None = None
    order: int = 50
    arguments: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where the link leads."""
        return reverse(self.url, args=self.arguments)


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """The entries of all rooms, in order. A room may give ENTRIES as a tuple or as a function."""
    found: list[Entry] = []
    for room in settings.ROOMS:
        if find_spec(f"xunzhi.web.{room}.navigation"):
            given: Iterable[Entry] = import_module(f"xunzhi.web.{room}.navigation").ENTRIES
            found.extend(given() if callable(given) else given)
    return tuple(sorted(found, key=lambda entry: entry.order))


def for_access(access: Access, path: str) -> list[dict[str, object]]:
    """Sections with the links that a person may open; the one that `path` lies under is marked."""
    shown = [entry for entry in entries() if entry.permission is None or access.may_somewhere(entry.permission)]
    addresses = {entry: entry.address for entry in shown}
    here = max((address for address in addresses.values() if _under(path, address)), key=len, default=None)
    return [
        {
            "label": label,
            "links": [
                {"label": e.label, "icon": e.icon, "address": addresses[e], "here": addresses[e] == here}
                for e in shown
                if e.section == section
            ],
        }
        for section, label in SECTIONS.items()
        if any(e.section == section for e in shown)
    ]


def _under(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address.rstrip("/") + "/"))
