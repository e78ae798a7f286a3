"""What improvement shows on the page of a case: its effect, and the way to a project's workshop."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from xunzhi.web.cases.access import may_open
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.panels import Panel
from xunzhi.web.cases.types import case_types
from xunzhi.web.improve import calls, contests, proofs, workspace
from xunzhi.web.improve.models import Proof


def panels(request: HttpRequest, case: Case) -> Iterator[Panel]:
    """The cards for one case."""
    if case.type == "project":
        steps, done = workspace.steps(case), workspace.done(case)
        following = next((step for key, step in steps if key not in done), None)
        context = {"finished": len(done), "all": len(steps), "next": following}
        yield Panel(_("Steps and tools"), "improve/panels/project.html", context)
    if case.type == "contest":
        context = {"entries": len(contests.entries(case)), "unscored": contests.unscored(case)}
        yield Panel(_("Entries"), "improve/panels/contest.html", context)
    if case.type == calls.CALL:
        found = calls.proposals(request.access, case)  # type: ignore[attr-defined]
        proposes = may_open(request.access, case_types()["project"])  # type: ignore[attr-defined]
        yield Panel(_("Proposals"), "improve/panels/call.html", {"projects": found, "proposes": proposes})
    proof = Proof.objects.filter(case=case).first()
    if proof is not None:
        yield Panel(_("Effect"), "improve/panels/effect.html", {"judged": proofs.judge(proof)})
