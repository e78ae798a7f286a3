"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.jobs import data_views, views

app_name = "jobs"

urlpatterns = [
    path("jobs", views.index, name="index"),
    path("jobs/<int:pk>", views.one, name="one"),
    path("jobs/<int:pk>/again", views.again, name="again"),
    path("jobs/start/<str:kind>", views.start, name="start"),
    path("jobs/state/<str:kind>", views.state, name="state"),
    path("data", data_views.index, name="data"),
    path("data/<slug:act>/<str:name>", data_views.act, name="data_act"),
]
