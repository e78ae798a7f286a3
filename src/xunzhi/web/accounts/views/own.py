"""One's own account: password, second factor, sessions, tokens."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from xunzhi.web.accounts import administration, passwords, second_factor, signing_in, tokens, totp
from xunzhi.web.accounts.attempts import Blocked
from xunzhi.web.accounts.forms import ChangePasswordForm, CodeForm, TokenForm
from xunzhi.web.accounts.middleware import before_all
from xunzhi.web.accounts.models import ApiToken
from xunzhi.web.permissions import roles, signed_in

SECRET = "new_second_factor"  # noqa: S105  name of an entry of the session


@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """What the site knows of one, and what keeps the account safe."""
    return render(
        request,
        "accounts/profile.html",
        {
            "held": request.access.held,  # type: ignore[attr-defined]
            "units": _unit_names(request),
            "factor": second_factor.has_one(request.user),
            "codes_left": second_factor.codes_left(request.user),
            "sessions": request.user.sessions.all(),
            "tokens": tokens.in_use(request.user.tokens.all()).count(),
            "last_breakages": request.user.breakages.select_related("unit")[:5],
        },
    )


def _unit_names(request: HttpRequest) -> list[dict[str, Any]]:
    known = roles().roles
    grants = request.user.grants.filter(role__in=known).select_related("unit")
    return [{"grant": grant, "role": known[grant.role]} for grant in grants]


@before_all
@signed_in
@sensitive_post_parameters("old", "new", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; other browsers are signed out."""
    if not request.user.has_usable_password():
        messages.info(request, _("You sign in with the password of the hospital's directory; change it there."))
        return redirect("accounts:profile")
    form = ChangePasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid() and _changed(request, form):
        update_session_auth_hash(request, request.user)
        request.user.sessions.exclude(session_key=request.session.session_key).delete()
        messages.success(request, _("Your password is changed. Other browsers were signed out."))
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form, "due": passwords.is_due(request.user)})


def _changed(request: HttpRequest, form: ChangePasswordForm) -> bool:
    """Change the password if the old one is right; otherwise the form says what is wrong."""
    try:
        if not signing_in.check_password(request, request.user, form.cleaned_data["old"]):
            form.add_error("old", _("That is not your password."))
            return False
        passwords.change(request.user, form.cleaned_data["new"], request)
    except Blocked as blocked:
        form.add_error("old", str(blocked))
    except ValidationError as error:
        form.add_error("new", error)
    return form.is_valid()


@before_all
@signed_in
def set_up_second_factor(request: HttpRequest) -> HttpResponse:
    """Scan the QR code, type the first code."""
    if second_factor.has_one(request.user):
        return redirect("accounts:profile")
    secret = request.session.setdefault(SECRET, totp.fresh_secret())
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.enrol(request.user, secret, form.cleaned_data["code"], request)
        except ValidationError as error:
            form.add_error("code", error)
        else:
            del request.session[SECRET]
            request.session["verified"] = True
            request.session.cycle_key()
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "first": True})
    return render(
        request,
        "accounts/second_factor.html",
        {
            "form": form,
            "qr": second_factor.qr_code(request.user, secret),
            "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            "needed": second_factor.needs_one(request.access),  # type: ignore[attr-defined]
        },
    )


@signed_in
@require_POST
def change_second_factor(request: HttpRequest) -> HttpResponse:
    """Other recovery codes, or no second factor any more; a code or recovery code proves who asks."""
    try:
        right = signing_in.check_code(request, request.user, request.POST.get("code", ""))
    except Blocked as blocked:
        messages.error(request, str(blocked))
        return redirect("accounts:profile")
    if not right:
        messages.error(request, _("That is not the code of now, or it was used already."))
        return redirect("accounts:profile")
    if request.POST.get("what") == "codes":
        codes = second_factor.renew_recovery_codes(request.user, request)
        return render(request, "accounts/recovery_codes.html", {"codes": codes})
    second_factor.remove(request.user, request)
    request.session["verified"] = False
    messages.success(request, _("The second factor is removed."))
    return redirect("accounts:profile")


@signed_in
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign out other browsers: one of them, or all."""
    others = request.user.sessions.exclude(session_key=request.session.session_key)
    for session in others.select_related("user"):
        if request.POST.get("session", session.mark) == session.mark:
            administration.end_session(session, request)
    return redirect("accounts:profile")


@signed_in
def own_tokens(request: HttpRequest) -> HttpResponse:
    """One's API tokens, and a new one, which is shown this once."""
    form, made = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = tokens.make(request.user, said["name"], said["scopes"], said["days"], request)
            form = TokenForm()
        except ValidationError as error:
            form.add_error(None, error)
    found = request.user.tokens.all()
    return render(request, "accounts/tokens.html", {"form": form, "made": made, "tokens": found})


@signed_in
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one of one's tokens be refused from now on."""
    tokens.revoke(get_object_or_404(ApiToken, pk=pk, user=request.user), request)
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:tokens")
