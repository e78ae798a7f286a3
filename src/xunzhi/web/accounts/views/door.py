"""Signing in and out."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from xunzhi.web.accounts import demo, oidc, passwords, signing_in
from xunzhi.web.accounts.attempts import Blocked
from xunzhi.web.accounts.directory import DirectoryError
from xunzhi.web.accounts.forms import CodeForm, NewPasswordForm, SignInForm
from xunzhi.web.configuration import configuration
from xunzhi.web.permissions import public


def _next(request: HttpRequest) -> str:
    """The page someone wanted before he was asked who he is: only one of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else "/"


@public
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """The sign-in page; while nobody has an account yet, the page that founds the hospital instead."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    if not signing_in.User.objects.exists():
        return redirect("org:setup")
    form, status = SignInForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            user = signing_in.by_password(request, form.cleaned_data["username"], form.cleaned_data["password"])
        except Blocked as blocked:
            form.add_error(None, str(blocked))
            status = 429
        except DirectoryError:
            form.add_error(None, _("The hospital's directory doesn't answer. Try again in a while."))
            status = 503
        else:
            if user is not None:
                return _in_or_code(request, user)
            form.add_error(None, _("Account or password is wrong."))
    return render(request, "accounts/login.html", {"form": form, **_around(request)}, status=status)


def _around(request: HttpRequest) -> dict[str, object]:
    setup, site = configuration().oidc, configuration().site
    return {
        "next": _next(request),
        "oidc": setup if setup.issuer else None,
        "demo": demo.demo_roles() if site.demo else None,
        "demo_password": demo.PASSWORD,
    }


def _in_or_code(request: HttpRequest, user: signing_in.User) -> HttpResponse:
    wanted = _next(request)
    if signing_in.proceed(request, user, "password"):
        return redirect(wanted)
    return redirect(f"{reverse('accounts:code')}?{urlencode({'next': wanted})}")


@public
def code(request: HttpRequest) -> HttpResponse:
    """The second factor."""
    user = signing_in.waiting(request)
    if user is None:
        messages.info(request, _("That took too long. Please sign in again."))
        return redirect("accounts:login")
    form, status = CodeForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            if signing_in.by_code(request, user, form.cleaned_data["code"]):
                return redirect(_next(request))
            form.add_error("code", _("That is not the code of now, or it was used already."))
        except Blocked as blocked:
            form.add_error(None, str(blocked))
            status = 429
    return render(request, "accounts/code.html", {"form": form, "next": _next(request)}, status=status)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    signing_in.leave(request)
    return redirect("accounts:login")


@public
def oidc_start(request: HttpRequest) -> HttpResponse:
    """Off to the provider of single sign-on."""
    if not configuration().oidc.issuer:
        return redirect("accounts:login")
    try:
        return redirect(oidc.begin(request, _next(request)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("accounts:login")


@public
def oidc_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider of single sign-on."""
    if not configuration().oidc.issuer:
        return redirect("accounts:login")
    try:
        user, wanted = oidc.finish(request)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("accounts:login")
    user.backend = signing_in.OIDC
    if signing_in.proceed(request, user, "oidc", second_factor_done=configuration().oidc.second_factor):
        return redirect(wanted)
    return redirect(f"{reverse('accounts:code')}?{urlencode({'next': wanted})}")


@public
@sensitive_post_parameters("new", "again")
def invitation(request: HttpRequest, text: str) -> HttpResponse:
    """Set a password with a one-time link."""
    found = passwords.invited(text)
    if found is None:
        return render(request, "accounts/invitation_gone.html", status=410)
    form = NewPasswordForm(found.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            passwords.accept(found, form.cleaned_data["new"], request)
        except ValidationError as error:
            form.add_error("new", error)
        else:
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("accounts:login")
    return render(request, "accounts/invitation.html", {"form": form, "invited": found.user})
