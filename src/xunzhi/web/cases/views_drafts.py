"""Drafts of forms: what was typed and not filed yet."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from xunzhi.web.accounts.models import User
from xunzhi.web.cases import access as rules
from xunzhi.web.cases import services
from xunzhi.web.cases.views_case import Sheet, access_of, case_or_404, fields_named
from xunzhi.web.cases.views_list import form_or_404
from xunzhi.web.permissions import requires, signed_in


@require_POST
@requires("case.open")
def draft_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Keep what was typed for a new case."""
    form = form_or_404(kind)
    return _keep(request, Sheet(request, form, None, fields_named(form, form.open_fields(form.initial))))


@require_POST
@signed_in
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was typed for a case."""
    found = case_or_404(request, pk)
    named = frozenset(request.POST.get("fields", "").split(","))
    open_fields = found.form.open_fields(found.state)
    steps = rules.steps(access_of(request), found)
    asked = {name for step in steps.values() for name in (*step.needs, *step.asks)}
    return _keep(request, Sheet(request, found.form, found, fields_named(found.form, named & (open_fields | asked))))


@transaction.atomic
def _keep(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """Save a draft, unless another tab saved one since; `drop` throws it away."""
    User.objects.select_for_update().only("pk").get(pk=request.user.pk)  # the tabs of one person, one after the other
    existing = None if sheet.form.anonymous else sheet.draft
    if "drop" in request.POST:
        if existing:
            existing.delete()
        return redirect(sheet.case or reverse("cases:new", args=[sheet.form.case]))
    version = existing.saved_at.isoformat() if existing else ""
    if existing and request.POST.get("draft_version") != version:
        return JsonResponse({"version": version}, status=409)
    values = {name: value for name, value in sheet.given().items() if value is not None}
    older = existing.values if existing and sheet.case else {}
    saved = services.save_draft(sheet.form.case, {**older, **values}, request, sheet.case)
    now = saved.saved_at if saved else timezone.now()
    return JsonResponse({"version": now.isoformat()})
