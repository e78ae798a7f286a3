"""What waits in cases: for me, for my units, and what I follow."""

from __future__ import annotations

from collections.abc import Iterator

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.parties import headed
from xunzhi.web.cases.waiting import owed_by, waits_for
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Whose, WorkItem

MOST = 300
"""Cases of one kind that a page of work is given; the registers hold the rest."""

READ = ("number", "title", "state", "due_at", "entered_state_at", "unit__name", "revision__fingerprint")


def waiting(access: Access) -> Iterator[WorkItem]:
    """Cases whose next step is mine, those that my units owe, those that I follow; each once, what is due first."""
    open_cases = visible(access).filter(closed_at=None).select_related("revision", "unit").only(*READ)
    open_cases = open_cases.order_by("due_at", "pk")
    given: set[int] = set()
    for case in open_cases.filter(waits_for(access))[:MOST]:
        given.add(case.pk)
        yield _item(case, "mine")
    if access.person is None:
        return
    paths = headed(access.person)
    others: list[tuple[Whose, object]] = [("followed", open_cases.filter(followers__person=access.person))]
    if paths:
        others.insert(0, ("unit", open_cases.filter(owed_by(paths))))
    for whose, cases in others:
        for case in cases[:MOST]:  # type: ignore[index]
            if case.pk not in given:
                given.add(case.pk)
                yield _item(case, whose)


def _item(case: Case, whose: Whose) -> WorkItem:
    state = case.form.states[case.state]
    return WorkItem(
        key=f"case {case.pk}",
        title=f"{case.number} {case.title}",
        link=case.get_absolute_url(),
        why=in_language(state.hint or state.label),
        kind=in_language(case.form.label),
        due=case.due_at,
        since=case.entered_state_at,
        unit=case.unit.name,
        whose=whose,
        icon=case.form.icon,
    )
