"""Addresses: each room brings its own."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.urls import include, path

from xunzhi.web.site import health, language

urlpatterns = [
    path("health", health, name="health"),
    path("language", language, name="language"),
    *(
        path("", include(f"xunzhi.web.{room}.urls"))
        for room in (*settings.ROOMS, "api")
        if find_spec(f"xunzhi.web.{room}.urls")
    ),
]
