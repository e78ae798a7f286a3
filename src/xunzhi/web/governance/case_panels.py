"""On the page of a change: its trial, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from xunzhi.web.cases.access import may_edit, steps
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.panels import Panel
from xunzhi.web.governance.trials import newest_trial


def panels(request: HttpRequest, case: Case) -> Iterator[Panel]:
    """The card of the trial."""
    if case.type != "indicator_change":
        return
    access = request.access  # type: ignore[attr-defined]
    trial = newest_trial(case)
    stale = case.trials.first() if trial is None else None
    context = {
        "trial": trial,
        "stale": stale,
        "may": case.open and (may_edit(access, case) or bool(steps(access, case))),
    }
    yield Panel(_("Trial on last year's data"), "governance/panels/trial.html", context)
