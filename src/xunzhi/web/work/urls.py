"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.work import views

app_name = "work"

urlpatterns = [
    path("", views.home, name="home"),
    path("search", views.search, name="search"),
    path("notifications", views.notifications, name="notifications"),
    path("notifications/unread", views.unread, name="unread"),
]
