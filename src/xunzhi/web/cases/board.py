"""The board: open cases as cards in a column for each state, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

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
    form, found = listing.form, _found(listing)
    wanted = [column for column in form.listing.board if column != "state"]
    states = {pk: state for pk, state, _count in found}
    counts = {state: count for _pk, state, count in found}
    shown: dict[str, list[Row]] = {state: [] for state in listing.open_states}
    for row in rows(in_order(list(states), wanted), wanted):
        shown[states[row.record["pk"]]].append(row)
    return [
        Column(
            state,
            in_language(form.states[state].label),
            in_language(hint) if (hint := form.states[state].hint) else "",
            counts.get(state, 0),
            cards,
        )
        for state, cards in shown.items()
    ]


def _found(listing: Listing) -> list[tuple[int, str, int]]:
    """The first cases of each state, most urgent first: id, state, how many are in it. One question to the database."""
    by = [F("due_at").asc(nulls_last=True), F("pk").desc()]
    place, count = Window(RowNumber(), "state", order_by=by), Window(Count("pk"), "state")
    of_state = listing.base.filter(state__in=listing.open_states).annotate(place=place, count=count)
    return list(of_state.filter(place__lte=MOST).order_by("state", "place").values_list("pk", "state", "count"))
