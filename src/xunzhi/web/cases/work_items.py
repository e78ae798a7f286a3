"""What waits in cases: for me, for my units, and what I follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import CaseTypeRevision, Follower
from xunzhi.web.cases.parties import headed
from xunzhi.web.cases.types import revived
from xunzhi.web.cases.waiting import owed_by, waits_for
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Whose, WorkItem

MOST = 300
"""Cases of one kind that a page of work is given; the registers hold the rest."""

READ = ("pk", "number", "title", "state", "due_at", "entered_state_at", "unit__name", "revision__fingerprint")


def waiting(access: Access) -> Iterator[WorkItem]:
    """Cases whose next step is mine, those that my units owe, those that I follow; each once, what is due first."""
    open_cases = visible(access).filter(closed_at=None).order_by("due_at", "pk").values(*READ)
    asked: list[tuple[Whose, Any]] = [("mine", open_cases.filter(waits_for(access)))]
    if access.person is not None:
        if paths := headed(access.person):
            asked.append(("unit", open_cases.filter(owed_by(paths))))
        followed = Follower.objects.filter(person=access.person, case__closed_at=None).values_list("case", flat=True)
        if ids := list(followed):
            asked.append(("followed", open_cases.filter(pk__in=ids)))
    words = _Words()
    given: set[int] = set()
    for whose, cases in asked:
        for case in cases[:MOST]:
            if case["pk"] not in given:
                given.add(case["pk"])
                yield _item(case, whose, *words[case["revision__fingerprint"], case["state"]])


def _item(case: dict[str, Any], whose: Whose, kind: str, why: str, icon: str) -> WorkItem:
    return WorkItem(
        key=f"case {case['pk']}",
        title=f"{case['number']} {case['title']}",
        link=f"/cases/{case['pk']}",
        why=why,
        kind=kind,
        due=case["due_at"],
        since=case["entered_state_at"],
        unit=case["unit__name"],
        whose=whose,
        icon=icon,
    )


class _Words(dict[tuple[str, str], tuple[str, str, str]]):
    """Form and state → the name of the form, what is asked in that state, and the icon; each looked up once."""

    def __missing__(self, key: tuple[str, str]) -> tuple[str, str, str]:
        fingerprint, name = key
        form = revived(fingerprint, lambda: CaseTypeRevision.objects.filter(fingerprint=fingerprint)[0].spec)
        state = form.states[name]
        self[key] = in_language(form.label), in_language(state.hint or state.label), form.icon
        return self[key]
