"""Addresses of this room. Codes of units and people may hold a slash."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.monitor.views import cases, catalogue, indicator, overview, units

app_name = "monitor"

urlpatterns = [
    path("overview", overview.overview, name="overview"),
    path("wall", overview.wall, name="wall"),
    path("departments", units.departments, name="departments"),
    path("units/<str:stratum>/<path:code>", units.unit, name="unit"),
    path("people", units.people, name="people"),
    path("people/<path:code>", units.person, name="person"),
    path("indicators", catalogue.catalogue, name="indicators"),
    path("indicators/<str:name>", indicator.indicator, name="indicator"),
    path("indicators/<str:name>/steps", indicator.steps, name="indicator_steps"),
    path("indicators/<str:name>/cases", cases.cases, name="cases"),
    path("indicators/<str:name>/cases/<str:token>", cases.rows, name="case_rows"),
]
