"""The board: open cases as cards in a column for each state, most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from xunzhi.web.cases.listing import Listing, Row, rows
from xunzhi.web.cases.models import Case
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
    form = listing.form
    counts = {tab.state: int(tab.text or 0) for tab in listing.tabs}
    shown: dict[str, list[Case]] = {}
    wanted = [column for column in form.listing.board if column != "state"]
    for state in listing.open_states:
        of_state = listing.base.filter(state=state).order_by(F("due_at").asc(nulls_last=True), "-pk")
        shown[state] = list(listing.narrowed(of_state, wanted)[:MOST]) if counts[state] else []
    made = rows([case for cases in shown.values() for case in cases], wanted)
    by_state: dict[str, list[Row]] = {state: [] for state in shown}
    for row in made:
        by_state[row.case.state].append(row)
    return [
        Column(
            state,
            in_language(form.states[state].label),
            in_language(hint) if (hint := form.states[state].hint) else "",
            counts[state],
            by_state[state],
        )
        for state in shown
    ]
