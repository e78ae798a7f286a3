"""Yearly calls, and the projects that were proposed for them: a project is linked to the call that raised it."""

from __future__ import annotations

from dataclasses import dataclass

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import Case, Link
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access

CALL, OPEN = "call", "open"


@dataclass(frozen=True)
class Proposed:
    """A project that answers a call."""

    case: Case

    @property
    def state(self) -> str:
        """Its state in the reader's language."""
        return in_language(self.case.form.states[self.case.state].label)


def running(access: Access) -> list[Case]:
    """The calls that take proposals, the next to close first."""
    return list(visible(access).filter(type=CALL, state=OPEN).light().order_by("due_at"))


def of_project(access: Access, case: Case) -> Case | None:
    """The call that a project answers."""
    raised = Link.objects.filter(case=case, kind=Link.Kind.RAISED_BY).values("other")
    return visible(access).filter(type=CALL, pk__in=raised).first()


def proposals(access: Access, call: Case) -> list[Proposed]:
    """The projects proposed for a call that someone may see."""
    raised = Link.objects.filter(other=call, kind=Link.Kind.RAISED_BY).values("case")
    found = visible(access).filter(type="project", pk__in=raised).light()
    return [Proposed(one) for one in found]
