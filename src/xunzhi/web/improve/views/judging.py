"""Judging: points for a proposal, contests and their standings."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.asked import number
from xunzhi.web.cases.access import may_edit, steps
from xunzhi.web.cases.errors import CaseError, Invalid
from xunzhi.web.cases.models import Case
from xunzhi.web.improve import contests
from xunzhi.web.improve.models import Score
from xunzhi.web.improve.views.common import case_or_404, cases_of, refuse
from xunzhi.web.permissions import requires, signed_in


def _asked(request: HttpRequest, pk: int, contest: Case | None) -> Case:
    """The project, for a judge who was asked, or who may see it anyway; in a contest, if it takes part there."""
    case = Case.objects.filter(pk=pk, type="project").select_related("unit", "revision").first()
    if case is None or (contest is not None and not contests.takes_part(case, contest)):
        raise Http404
    person = request.access.person  # type: ignore[attr-defined]
    if person and person.pk in contests.judges(case, contest):
        return case
    return case_or_404(request, pk, "project")


@signed_in
def score(request: HttpRequest, pk: int, contest_pk: int | None = None) -> HttpResponse:
    """A judge's sheet for a project; without being a judge, the points given so far."""
    contest = Case.objects.filter(pk=contest_pk, type="contest").light().first() if contest_pk else None
    if contest_pk and contest is None:
        raise Http404
    case = _asked(request, pk, contest)
    person = request.access.person  # type: ignore[attr-defined]
    judge = person is not None and person.pk in contests.judges(case, contest)
    mine = Score.objects.filter(case=case, contest=contest, judge=person).first() if judge else None
    points, errors = dict(mine.points) if mine else {}, {}
    comment = mine.comment if mine else ""
    if request.method == "POST":
        points, comment = request.POST.dict(), request.POST.get("comment", "")
        try:
            contests.score(case, contest, points, comment, request)
        except Invalid as error:
            errors = dict(error.errors)
        except CaseError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Your points are saved."))
            return redirect("improve:contest", pk=contest.pk) if contest else redirect("improve:score", pk=case.pk)
    sheet = contests.sheet_for(contest)
    lines = [(key, one, points.get(key, ""), errors.get(key, "")) for key, one in sheet.criteria.items()]
    known = mine is not None or _may_read(request, contest, judge)
    context = {
        "case": case, "contest": contest, "sheet": sheet, "lines": lines, "judge": judge, "mine": mine,
        "comment": comment, "scores": _scores(case, contest) if known else [], "known": known,
        "names": request.access.may("project.judges", case.unit),  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "improve/score.html", context, status=422 if errors else 200)


def _may_read(request: HttpRequest, contest: Case | None, judge: bool) -> bool:
    """Whether someone who has given no points sees those of others: a judge and the public when all is decided."""
    if contest is None:
        return not judge
    return contest.state == "decided" or (not judge and bool(steps(request.access, contest)))  # type: ignore[attr-defined]


def _scores(case: Case, contest: Case | None) -> list[Score]:
    """By points, so that their order tells nothing of who gave them."""
    return list(Score.objects.filter(case=case, contest=contest).select_related("judge").order_by("-total", "comment"))


@requires("case.view")
def contest(request: HttpRequest, pk: int) -> HttpResponse:
    """A contest: its entries and how they stand."""
    found = Case.objects.filter(pk=pk, type="contest").select_related("unit", "revision").first()
    person = request.access.person  # type: ignore[attr-defined]
    if found is None or not (person and person.pk in contests.judges(found, found)):
        found = case_or_404(request, pk, "contest")
    judge = person is not None and person.pk in contests.judges(found, found)
    may = may_edit(request.access, found) and found.state == "draft"  # type: ignore[attr-defined]
    taken = [entry.pk for entry in contests.entries(found)]
    ready = Q(state="closed_effective") | Q(state="concluding")
    candidates = cases_of(request, "project").filter(ready).exclude(pk__in=taken)[:200] if may else []
    mine = set(Score.objects.filter(contest=found, judge=person).values_list("case", flat=True)) if judge else set()
    context = {
        "case": found, "standings": contests.standings(found), "judge": judge, "may": may, "candidates": candidates,
        "mine": mine, "open": found.state == "judging", "decided": found.state == "decided",
        "officer": bool(steps(request.access, found)),  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "improve/contest.html", context)


@requires("case.view")
@require_POST
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a project to a contest, or take it out."""
    found = case_or_404(request, pk, "contest")
    if not may_edit(request.access, found) or found.state != "draft":  # type: ignore[attr-defined]
        refuse(_("Entries are chosen by who prepares the contest, before the judging."))
    other = case_or_404(request, number(request.POST.get("project", "")) or 0, "project")
    try:
        change = contests.take_out if request.POST.get("remove") else contests.enter
        change(other, found, request)
    except (CaseError, PermissionDenied) as error:
        messages.error(request, str(error))
    return redirect("improve:contest", pk=found.pk)
