"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.signals import views

app_name = "signals"

urlpatterns = [
    path("signals", views.inbox, name="inbox"),
    path("signals/<int:pk>", views.signal, name="signal"),
    path("signals/<int:pk>/handle", views.handle, name="handle"),
]
