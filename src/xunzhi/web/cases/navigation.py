"""Entries of the side bar: a register for each case type."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases.types import case_types
from xunzhi.web.installation import in_language
from xunzhi.web.navigation import Entry

_said = lazy(in_language, str)

ELSEWHERE = frozenset({"project"})
"""Types with an entry in another room, whose page leads to the register."""


def ENTRIES() -> Iterator[Entry]:  # noqa: N802  the name by which entries are found
    """All registers."""
    yield Entry("cases", _("All registers"), "cases:index", "folder", "case.view", 10)
    for form in case_types().values():
        if form.case not in ELSEWHERE:
            yield Entry("cases", _said(form.label), "cases:list", form.icon, "case.view", form.order, (form.case,))
