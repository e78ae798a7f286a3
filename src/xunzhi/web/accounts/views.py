"""Signing in and out, and one's own account."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xunzhi.web.permissions import public, signed_in

login = public(LoginView.as_view(template_name="accounts/login.html", redirect_authenticated_user=True))
logout = public(LogoutView.as_view())


@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """One's own account."""
    return render(request, "accounts/profile.html")
