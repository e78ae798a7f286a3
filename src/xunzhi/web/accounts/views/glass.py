"""Breaking the glass, and reviewing it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from xunzhi.web.accounts import glass
from xunzhi.web.accounts.forms import GlassForm
from xunzhi.web.accounts.models import Breakage
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import requires, roles, signed_in
from xunzhi.web.sheets import spreadsheet, workbook

PAGE = 50


@requires("glass.break")
def break_glass(request: HttpRequest) -> HttpResponse:
    """Say what one must reach and why; then reach it."""
    form = GlassForm(request.access.units("glass.break").order_by("path"), request.POST or None)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = glass.break_glass(request, said["unit"], said["reason"], said["patient"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            until = timezone.localtime(made.until)
            messages.warning(request, _("The glass is broken until %(time)s.") % {"time": f"{until:%H:%M}"})
            return redirect("accounts:glass")
    reach = [in_language(roles().permissions[name]) for name in roles().broken_glass.to]
    own = request.user.breakages.select_related("unit")[:10]
    minutes = configuration().accounts.glass_minutes
    return render(request, "accounts/glass.html", {"form": form, "reach": reach, "own": own, "minutes": minutes})


@signed_in
@require_POST
def mend(request: HttpRequest, pk: int) -> HttpResponse:
    """End one's own before its time."""
    glass.mend(request, get_object_or_404(Breakage.objects.select_related("unit"), pk=pk, user=request.user))
    messages.success(request, _("Your roles alone count again."))
    return redirect("/")


def _within(request: HttpRequest) -> object:
    rows = Breakage.objects.filter(request.access.within("glass.review")).exclude(user=request.user)  # type: ignore[attr-defined]
    state = request.GET.get("state", "open")
    if state == "open":
        rows = rows.filter(reviewed=None)
    elif state in ("justified", "unjustified"):
        rows = rows.filter(justified=state == "justified")
    return rows.select_related("user__person", "unit", "reviewed_by__person")


@requires("glass.review")
def reviews(request: HttpRequest) -> HttpResponse:
    """Other people's broken glass: what waits for review first."""
    page = Paginator(_within(request), PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/glass_reviews.html", {"page": page, "state": request.GET.get("state", "open")})


@requires("glass.review")
def export_reviews(request: HttpRequest) -> HttpResponse:
    """The list as an Excel file. Patients are marked, not named."""
    head = [
        _("Begun"), _("Ended"), _("Who"), pgettext("organisation", "Unit"), _("One patient"),
        pgettext("justification", "Reason"), _("Justified"), _("Remark"), _("Reviewed by"), _("Reviewed"),
    ]  # fmt: skip
    verdict = {None: "", True: _("yes"), False: _("no")}
    lines = [
        [
            row.since, row.until, str(row.user), str(row.unit), _("yes") if row.patient else _("no"), row.reason,
            verdict[row.justified], row.remark, str(row.reviewed_by or ""), row.reviewed,
        ]
        for row in _within(request)  # type: ignore[attr-defined]
    ]  # fmt: skip
    record(request, "export", "broken glass", detail={"rows": len(lines), "filter": request.GET.urlencode()})
    file = workbook(head, lines, _("Broken glass"), f"{request.user} {timezone.localtime():%Y-%m-%d %H:%M}")
    return spreadsheet(file, "broken-glass")


@requires("glass.review")
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether it was justified."""
    rows = Breakage.objects.filter(request.access.within("glass.review")).select_related("unit")  # type: ignore[attr-defined]
    made = get_object_or_404(rows, pk=pk)
    try:
        glass.review(request, made, request.POST.get("verdict") == "justified", request.POST.get("remark", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The review is recorded."))
    return redirect("accounts:glass_reviews")
