"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.accounts.views import accounts, door, glass, own

app_name = "accounts"

urlpatterns = [
    path("sign-in", door.login, name="login"),
    path("sign-in/code", door.code, name="code"),
    path("sign-in/single", door.oidc_start, name="oidc"),
    path("sign-in/single/return", door.oidc_return, name="oidc_return"),
    path("sign-in/invitation/<str:text>", door.invitation, name="invitation"),
    path("sign-out", door.logout, name="logout"),
    path("account", own.profile, name="profile"),
    path("account/password", own.password, name="password"),
    path("account/second-factor", own.set_up_second_factor, name="second_factor"),
    path("account/second-factor/change", own.change_second_factor, name="change_second_factor"),
    path("account/sessions/end", own.end_session, name="end_session"),
    path("account/tokens", own.own_tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke", own.revoke_token, name="revoke_token"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/export", accounts.export, name="export"),
    path("accounts/new", accounts.new, name="new"),
    path("accounts/several", accounts.several, name="several"),
    path("accounts/<int:pk>", accounts.account, name="account"),
    path("accounts/<int:pk>/roles", accounts.grant, name="grant"),
    path("accounts/<int:pk>/<slug:what>", accounts.act, name="act"),
    path("accounts/roles/<int:pk>/revoke", accounts.revoke, name="revoke"),
    path("glass", glass.break_glass, name="glass"),
    path("glass/<int:pk>/mend", glass.mend, name="mend"),
    path("glass/review", glass.reviews, name="glass_reviews"),
    path("glass/review/export", glass.export_reviews, name="export_reviews"),
    path("glass/<int:pk>/review", glass.review, name="review"),
]
