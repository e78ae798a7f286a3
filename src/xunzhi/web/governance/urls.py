"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.governance import views

app_name = "governance"

urlpatterns = [
    path("governance", views.changes, name="changes"),
    path("governance/targets", views.targets, name="targets"),
    path("governance/baselines", views.baselines, name="baselines"),
    path("governance/changes/<int:pk>/trial", views.trial, name="trial"),
]
