"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.accounts import views

app_name = "accounts"

urlpatterns = [
    path("sign-in", views.login, name="login"),
    path("sign-out", views.logout, name="logout"),
    path("account", views.profile, name="profile"),
]
