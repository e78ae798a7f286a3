"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.work import guide, inbox, upkeep, views

app_name = "work"

urlpatterns = [
    path("", views.home, name="home"),
    path("search", views.search, name="search"),
    path("guide", guide.guide, name="guide"),
    path("guide/<slug:name>", guide.guide, name="guide_of"),
    path("notifications", inbox.notifications, name="notifications"),
    path("notifications/read", inbox.read, name="read"),
    path("notifications/unread", inbox.unread, name="unread"),
    path("notifications/preferences", inbox.preferences, name="preferences"),
    path("notifications/<int:pk>", inbox.opened, name="opened"),
    path("deliveries", upkeep.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/again", upkeep.again, name="again"),
    path("calendar", upkeep.calendar, name="calendar"),
    path("calendar/<int:pk>/remove", upkeep.remove_day, name="remove_day"),
]
