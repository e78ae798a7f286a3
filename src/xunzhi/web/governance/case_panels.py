"""On the page of a change: its trial, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from xunzhi.web.cases.access import may_edit, steps
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.panels import Panel
from xunzhi.web.governance.trials import newest_trial
from xunzhi.web.jobs.services import standing


def panels(request: HttpRequest, case: Case) -> Iterator[Panel]:
    """The card of the trial."""
    if case.type != "indicator_change":
        return
    access = request.access  # type: ignore[attr-defined]
    trial = newest_trial(case)
    stale = case.trials.first() if trial is None else None
    running = standing("governance.trial").open if case.open else None
    context = {
        "running": running is not None and running.arguments == {"case": case.pk},
        "trial": trial,
        "stale": stale,
        "may": case.open and (may_edit(access, case) or bool(steps(access, case))),
    }
    yield Panel(_("Trial on last year's data"), "governance/panels/trial.html", context)
