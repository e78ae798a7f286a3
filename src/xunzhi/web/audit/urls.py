"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.audit import views

app_name = "audit"

urlpatterns = [
    path("audit", views.log, name="log"),
    path("audit/verify", views.verify_now, name="verify"),
]
