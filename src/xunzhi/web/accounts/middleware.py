"""What stands between a session and every page: it must be awake, its password current, its second factor set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import ngettext

from xunzhi.web.accounts import passwords, second_factor
from xunzhi.web.accounts.signing_in import is_idle, leave
from xunzhi.web.configuration import configuration
from xunzhi.web.permissions import View


class Gate:
    """Django middleware; views marked `@public` or :func:`before_all` are let through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End sessions that fell asleep; send whole pages, not parts of them, to the sign-in page."""
        if request.user.is_authenticated and is_idle(request):
            minutes = configuration().accounts.idle_minutes
            leave(request, "sign_out.idle")
            text = ngettext(
                "You were signed out after %(count)d minute without use.",
                "You were signed out after %(count)d minutes without use.",
                minutes,
            )
            messages.info(request, text % {"count": minutes})
        response = self.get_response(request)
        sent_to = response.headers.get("Location", "")
        if request.headers.get("HX-Request") and sent_to.startswith(resolve_url(settings.LOGIN_URL)):
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return response

    def process_view(
        self, request: HttpRequest, view: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """First things first: a password of one's own, then a second factor where it is asked."""
        free = getattr(view, "needs", "") == "nothing" or getattr(view, "before_all", False)
        if not request.user.is_authenticated or free:
            return None
        if passwords.is_due(request.user):
            return redirect("accounts:password")
        if not request.session.get("verified") and second_factor.needs_one(request.access):  # type: ignore[attr-defined]
            if second_factor.has_one(request.user):  # set up elsewhere, since this session began
                leave(request)
                return redirect(settings.LOGIN_URL)
            return redirect("accounts:second_factor")
        return None


def before_all(view: View) -> View:
    """Mark a view as open before password and second factor are in order."""
    view.before_all = True  # type: ignore[attr-defined]
    return view
