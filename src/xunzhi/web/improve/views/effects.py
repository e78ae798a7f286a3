"""The effect of a case on its indicator, and the library of what worked."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.cases.access import may_edit
from xunzhi.web.improve import library as shelf
from xunzhi.web.improve import proofs, report, workspace
from xunzhi.web.improve.models import Proof
from xunzhi.web.improve.views.common import case_or_404, refuse
from xunzhi.web.permissions import requires

PER_PAGE = 20


@requires("case.view")
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    """The chart with the phases of the work, the figures before and after, and what they prove."""
    case = case_or_404(request, pk)
    proof = Proof.objects.filter(case=case).first()
    if proof is None:
        raise Http404
    may = case.open and (may_edit(request.access, case) or (  # type: ignore[attr-defined]
        case.type == "project" and workspace.on_team(request.access, case)  # type: ignore[attr-defined]
    ))  # fmt: skip
    if request.method == "POST":
        if not may:
            refuse(_("Who works on the case says when its measures are in place."))
        month = request.POST.get("month", "")
        try:
            proofs.set_in_place(case, month, request)
        except ValueError as error:
            messages.error(request, str(error))
        return redirect("improve:effect", pk=case.pk)
    context = {
        "case": case,
        "judged": proofs.judge(proof),
        "may": may,
        "this_month": proofs.month_of(timezone.localdate()),
    }
    return render(request, "improve/effect.html", context)


@requires("indicator.view")
def library(request: HttpRequest) -> HttpResponse:
    """What worked, found by its problem, its indicator or its cause."""
    text, indicator = request.GET.get("q", "").strip(), request.GET.get("indicator", "")
    found = shelf.worked(request.access, text, indicator)  # type: ignore[attr-defined]
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    books = [shelf.book(proof) for proof in page]
    context = {"page": page, "books": books, "text": text, "indicator": indicator, "choices": shelf.indicators()}
    return render(request, "improve/library.html", context)


@requires("indicator.view")
def showcase(request: HttpRequest, pk: int) -> HttpResponse:
    """A project as it is shown to the hospital: problem, causes, measures, proof."""
    case = shelf.shown(request.access, pk)  # type: ignore[attr-defined]
    if case is None:
        raise Http404
    proof = Proof.objects.filter(case=case).first()
    context = {
        "case": case,
        "proposed": report.proposed(case),
        "sections": report.sections(case),
        "judged": proofs.judge(proof) if proof else None,
    }
    return render(request, "improve/showcase.html", context)
