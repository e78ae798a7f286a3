"""Pages of this room: what runs, what failed and what to do, run again."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.audit.services import record
from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.registry import kinds, plans
from xunzhi.web.jobs.services import OPEN, enqueue, standing
from xunzhi.web.permissions import requires, signed_in
from xunzhi.web.sheets import spreadsheet, workbook

PAGE = 50
AT_HAND = ("measures",)
"""Kinds that can be started from the list at any time; all others run by the clock, or again after a failure."""


@requires("job.view")
def index(request: HttpRequest) -> HttpResponse:
    """The jobs, newest first; refreshes itself while something runs."""
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    found = Job.objects.select_related("by__person")
    if state in Job.State.values:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if request.GET.get("format") == "xlsx":
        return _spreadsheet(request, found)
    page = Paginator(found.defer("trace", "arguments"), PAGE).get_page(request.GET.get("page"))
    counts = dict(Job.objects.order_by().values_list("state").annotate(n=Count("pk")))
    context = {
        "page": page,
        "state": state,
        "kind": kind,
        "states": [(value, f"{label} ({counts.get(value, 0)})") for value, label in Job.State.choices],
        "kinds": sorted(((name, str(one.label)) for name, one in kinds().items()), key=lambda pair: pair[1]),
        "busy": any(counts.get(value) for value in OPEN),
        "at_hand": [kinds()[name] for name in AT_HAND],
        "next": _next(),
        "may_run": request.access.may_somewhere("job.run"),
    }
    return render(request, "jobs/parts/list.html" if request.htmx else "jobs/index.html", context)


def _next() -> list[tuple[str, object]]:
    """When each kind is due next."""
    now = timezone.now()
    found = [(str(kinds()[plan.kind].label), plan.schedule.after(now)) for plan in plans().values()]
    return sorted(found, key=lambda pair: pair[1])


def _spreadsheet(request: HttpRequest, found: object) -> HttpResponse:
    headings = [_("Job"), _("State"), _("Created"), _("Started"), _("Finished"), _("By"), _("Step"), _("Error")]
    rows = [
        [
            str(job.label),
            job.get_state_display(),
            job.created,
            job.started,
            job.finished,
            str(job.by or ""),
            job.message,
            job.error,
        ]
        for job in found  # type: ignore[attr-defined]
    ]
    record(request, "export", "jobs", detail={"rows": len(rows)})
    return spreadsheet(workbook(headings, rows, _("Jobs")), f"jobs-{timezone.localdate()}")


@requires("job.view")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A job: how far it is, or what went wrong and what to do."""
    job = get_object_or_404(Job.objects.select_related("by__person"), pk=pk)
    may_run = request.access.may_somewhere("job.run")
    context = {"job": job, "may_run": may_run and job.kind in kinds(), "busy": job.state in OPEN}
    return render(request, "jobs/parts/one.html" if request.htmx else "jobs/one.html", context)


@requires("job.run")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Run an ended job again."""
    job = get_object_or_404(Job, pk=pk)
    if job.state in OPEN or job.kind not in kinds():
        messages.warning(request, _("This job has not ended yet."))
        return redirect("jobs:one", job.pk)
    with transaction.atomic():
        fresh = enqueue(job.kind, job.arguments, key=job.key or job.kind, by=request.user)
        record(request, "job.run", f"job {job.kind}")
    messages.success(request, _("Queued again."))
    return redirect("jobs:one", fresh.pk)


@requires("job.run")
@require_POST
def start(request: HttpRequest, kind: str) -> HttpResponse:
    """Start one of the kinds that can be started at any time."""
    if kind not in AT_HAND:
        messages.warning(request, _("This job runs by the clock."))
        return redirect("jobs:index")
    with transaction.atomic():
        job = enqueue(kind, key=kind, by=request.user)
        record(request, "job.run", f"job {kind}")
    return redirect("jobs:one", job.pk)


@signed_in
def state(request: HttpRequest, kind: str) -> HttpResponse:
    """How the work of a kind stands, as other pages show it."""
    return render(request, "jobs/parts/state.html", {"standing": standing(kind)})
