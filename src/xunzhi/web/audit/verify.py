"""Is the audit log whole? Walks the chain from its first entry and names the first that isn't what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from xunzhi.web.audit.anchors import AnchorError, read
from xunzhi.web.audit.chain import COVERED, GENESIS, digest
from xunzhi.web.audit.models import Entry, Head

BATCH = 5000

EDITED = gettext_noop("Entry %(number)s was changed after it was recorded.")
MISSING = gettext_noop("Entry %(number)s is missing.")
UNCHAINED = gettext_noop("Entry %(number)s doesn't follow the entry before it: entries were exchanged or inserted.")
SHORTENED = gettext_noop("The log ends before entry %(number)s, which was recorded: its end was deleted.")
BEYOND = gettext_noop("Entry %(number)s was not added by the program.")
REWRITTEN = gettext_noop("Entry %(number)s is not the one that was signed: the chain was written anew.")
FORGED = gettext_noop("The signed marks are damaged at %(where)s: the log can't be trusted after the mark before.")


@dataclass(frozen=True)
class Verdict:
    """What was found: how many entries were walked, and the fault where the chain breaks (None: it is whole)."""

    checked: int
    signed: int
    fault: str | None = None
    number: int = 0
    where: str = ""

    @property
    def whole(self) -> bool:
        """Whether every entry is what was recorded, and none is missing."""
        return self.fault is None

    @property
    def text(self) -> str:
        """The finding in the reader's language."""
        if self.fault:
            return _(self.fault) % {"number": self.number, "where": self.where}
        said = _("The audit log is whole: %(checked)s entries, the newest signed is %(signed)s.")
        return said % {"checked": self.checked, "signed": self.signed}


class _BrokenError(Exception):
    def __init__(self, fault: str, number: int):
        super().__init__(fault)
        self.fault, self.number = fault, number


def verify(progress: Callable[[float], None] = lambda share: None) -> Verdict:
    """Walk the whole chain, in constant memory; entries that are added meanwhile do no harm."""
    forged, signed = "", {}
    try:
        for mark in read():
            signed[mark.number] = mark.hash
    except AnchorError as error:
        forged = str(error)
    end = max(signed, default=0)
    checked = 0
    try:
        for checked in _walk(signed, progress):  # noqa: B007  the count that was reached
            pass
    except _BrokenError as broken:
        return Verdict(checked, end, broken.fault, broken.number)
    if forged:
        return Verdict(checked, end, FORGED, where=forged)
    return Verdict(checked, end)


def _walk(signed: dict[int, str], progress: Callable[[float], None]) -> Iterator[int]:
    """Number after number while all is well; then the end of the chain is held against head and marks."""
    head = Head.objects.filter(pk=1).first()
    expected = dict(signed)
    if head and head.number:
        expected.setdefault(head.number, head.hash)
    total, number, previous = max(expected, default=0), 0, GENESIS
    rows = Entry.objects.order_by("number").values("at", "hash", *COVERED)
    for row in rows.iterator(chunk_size=BATCH):
        _check(row, number + 1, previous, signed)
        number, previous = row["number"], row["hash"]
        yield number
        if number % BATCH == 0:
            progress(min(number / total, 1.0) if total else 1.0)
    if total > number:
        raise _BrokenError(SHORTENED, number + 1)
    now = Head.objects.filter(pk=1).first()
    if number > (now.number if now else 0):
        raise _BrokenError(BEYOND, number)
    if now and now.number == number and number and now.hash != previous:
        raise _BrokenError(REWRITTEN, number)


def _check(row: dict[str, Any], number: int, previous: str, signed: dict[int, str]) -> None:
    if row["number"] > number:
        raise _BrokenError(MISSING, number)
    if row["number"] < number:
        raise _BrokenError(BEYOND, row["number"])
    if row["previous"] != previous:
        raise _BrokenError(UNCHAINED, number)
    if row["hash"] != digest(row):
        raise _BrokenError(EDITED, number)
    if signed.get(number, row["hash"]) != row["hash"]:
        raise _BrokenError(REWRITTEN, number)
