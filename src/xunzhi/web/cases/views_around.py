"""What people do around a case: comment, mention, follow, link."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.accounts.models import User
from xunzhi.web.cases import access as rules
from xunzhi.web.cases import detail, services, talk
from xunzhi.web.cases.errors import CaseError, Invalid
from xunzhi.web.cases.models import Case, Link
from xunzhi.web.cases.views_case import access_of, case_or_404
from xunzhi.web.permissions import signed_in


@require_POST
@signed_in
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about a case."""
    found = _workable(request, pk)
    try:
        services.comment(found, request.POST.get("text", ""), request)
    except Invalid as error:
        messages.error(request, " ".join(error.errors.values()))
    except CaseError as error:
        messages.error(request, str(error))
    return redirect(f"{found.get_absolute_url()}#comment")


def _workable(request: HttpRequest, pk: int) -> Case:
    found = case_or_404(request, pk)
    if not rules.may_work(access_of(request), found):
        raise PermissionDenied
    return found


@signed_in
def mention(request: HttpRequest, pk: int) -> HttpResponse:
    """People to mention, while an @ is typed."""
    found = case_or_404(request, pk)
    people = detail.mentionable(found, request.GET.get("q", "").strip())
    accounts = dict(User.objects.filter(person__in=people).values_list("person", "username"))
    options = [
        {
            "id": accounts.get(person.pk, person.code),
            "text": person.name,
            "note": f"{person.title} {person.unit}".strip(),
        }
        for person in people
    ]
    return JsonResponse({"options": options})


@require_POST
@signed_in
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Follow a case, or no longer."""
    found = case_or_404(request, pk)
    try:
        if "stop" in request.POST:
            services.unfollow(found, request)
        else:
            services.follow(found, request)
    except CaseError as error:
        messages.error(request, str(error))
    return redirect(found)


@require_POST
@signed_in
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link another case by its number."""
    found = _workable(request, pk)
    number, kind = request.POST.get("number", "").strip(), request.POST.get("kind", "")
    other = rules.visible(access_of(request)).filter(number__iexact=number, institution=found.institution).first()
    if other is None:
        messages.error(request, _("There is no case %(number)s.") % {"number": number})
    else:
        try:
            services.link(found, other, request, kind if kind in Link.Kind.values else Link.Kind.RELATED)
        except CaseError as error:
            messages.error(request, str(error))
    return redirect(found)


@require_POST
@signed_in
def unlink(request: HttpRequest, pk: int, made: int) -> HttpResponse:
    """Take a link back."""
    found = _workable(request, pk)
    talk.unlink(get_object_or_404(Link, pk=made, case=found), request)
    return redirect(found)
