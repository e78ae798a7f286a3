"""Guards and effects of changes of indicators and of responsibility letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.rules import effect, guard
from xunzhi.web.governance import letters
from xunzhi.web.governance.changes import ChangeError
from xunzhi.web.governance.publishing import publish
from xunzhi.web.governance.trials import newest_trial


@guard("change_tried")
def change_tried(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """Nobody decides on a definition that was not tried on last year's data."""
    trial = newest_trial(case)
    if trial is None:
        return _("Try this proposal on last year's data first (“Try it” on its page).")
    return _("The trial failed: %(why)s") % {"why": trial.error} if trial.error else None


@guard("another_person")
def another_person(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """Who proposes doesn't approve."""
    if by is not None and by.pk == case.opened_by_id:
        return _("Someone else than its author has to approve a change.")
    return None


@guard("not_assignee")
def not_assignee(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """Nobody assesses himself."""
    if by is not None and case.assignee_id is not None and by.person_id == case.assignee_id:
        return _("Someone else than who answers for it has to assess it.")
    return None


@effect("publish_change")
def publish_change(case: Case, entry: LogEntry, by: Any) -> None:
    """Put the definition into force, and have the results computed by it."""
    try:
        publish(case)
    except ChangeError as error:
        raise Refused(str(error)) from error


@effect("issue_the_same")
def issue_the_same(case: Case, entry: LogEntry, by: Any) -> None:
    """Each of the other units that the letter names gets one of its own."""
    letters.issue_the_same(case, by)
