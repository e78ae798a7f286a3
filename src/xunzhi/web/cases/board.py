"""The board: open cases as cards in a column for each state, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import OrderBy

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


class Urgent(Listing):
    """The same list, most urgent first."""

    @property
    def order(self) -> tuple[OrderBy, str]:
        """By deadline; those without one last."""
        return F("due_at").asc(nulls_last=True), "-pk"


def columns(listing: Urgent) -> list[Column]:
    """The columns of a board, left to right."""
    form = listing.form
    found: dict[str, list[int]] = {state: [] for state in listing.open_states}
    for pk, state in listing.open_ones:
        found[state].append(pk)
    wanted = [column for column in form.listing.board if column != "state"]
    cards = rows(in_order([pk for ids in found.values() for pk in ids[:MOST]], wanted), wanted)
    by_id = {card.record["pk"]: card for card in cards}
    return [
        Column(
            state,
            in_language(form.states[state].label),
            in_language(hint) if (hint := form.states[state].hint) else "",
            len(ids),
            [by_id[pk] for pk in ids[:MOST] if pk in by_id],
        )
        for state, ids in found.items()
    ]
