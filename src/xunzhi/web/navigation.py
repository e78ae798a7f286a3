"""The side bar: rooms declare their entries in a navigation.py with ENTRIES; people see what they may open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
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


@dataclass(frozen=True, eq=False)
class Entry:
    """A link of the side bar, itself and no other; `permission` None: for everyone who is signed in."""

    section: str
    label: str | Promise
    url: str
    icon: str
    permission: str | None = None
    order: int = 50
    arguments: tuple[str, ...] = ()

    @cached_property
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


def open_to(access: Access) -> tuple[Entry, ...]:
    """The entries that a person may open, in order."""
    return tuple(entry for entry in entries() if entry.permission is None or access.may_somewhere(entry.permission))


def sidebar(access: Access, path: str) -> SafeString:
    """The side bar with the links that a person may open; the one that `path` lies under is marked."""
    shown = open_to(access)
    here = max((entry.address for entry in shown if _under(path, entry.address)), key=len, default="")
    return _rendered(shown, here, get_language() or "")


@lru_cache(maxsize=512)
def _rendered(shown: tuple[Entry, ...], here: str, _language: str) -> SafeString:
    """The same for everyone who may open the same: each page has it, few change it."""
    sections = [
        {"label": label, "links": [entry for entry in shown if entry.section == section]}
        for section, label in SECTIONS.items()
        if any(entry.section == section for entry in shown)
    ]
    return render_to_string("parts/sidebar.html", {"navigation": sections, "here": here})


def _under(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address.rstrip("/") + "/"))
