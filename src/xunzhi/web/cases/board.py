"""The board: open cases as cards in a column for each state, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from xunzhi.web.cases.listing import Listing
from xunzhi.web.cases.rows import Row, in_order, rows
from xunzhi.web.installation import in_language

MOST = 25
"""Cards shown in one column; the rest is in the list."""


@dataclass(frozen=True)
class Column:
    """A state with its first cards; `count` is how many there are in all."""

    state: str
    label: str
    hint: str
    count: int
    rows: list[Row]

    @property
    def left(self) -> int:
        """How many aren't shown."""
        return self.count - len(self.rows)


def columns(listing: Listing) -> list[Column]:
    """The columns of a board, left to right."""
    form, counts = listing.form, listing.open_counts()
    first = {state: _first(listing, state) if counts.get(state) else [] for state in listing.open_states}
    wanted = [column for column in form.listing.board if column != "state"]
    cards = rows(in_order([pk for ids in first.values() for pk in ids], wanted), wanted)
    by_id = {card.record["pk"]: card for card in cards}
    return [
        Column(
            state,
            in_language(form.states[state].label),
            in_language(hint) if (hint := form.states[state].hint) else "",
            counts.get(state, 0),
            [by_id[pk] for pk in ids if pk in by_id],
        )
        for state, ids in first.items()
    ]


def _first(listing: Listing, state: str) -> list[int]:
    """The first cases of a state, most urgent first. One question for each state: an index holds them in this order."""
    found = listing.base.filter(state=state, closed_at=None).order_by(F("due_at").asc(nulls_last=True), "-pk")
    return list(found.values_list("pk", flat=True)[:MOST])
