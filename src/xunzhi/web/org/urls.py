"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.org import bringing, editing, first_run, views

app_name = "org"

urlpatterns = [
    path("setup", first_run.setup, name="setup"),
    path("setup/steps", first_run.steps, name="steps"),
    path("organisation", views.tree, name="tree"),
    path("organisation/export", views.export, name="export"),
    path("organisation/units/new", editing.unit_new, name="unit_new"),
    path("organisation/units/<int:pk>", views.unit, name="unit"),
    path("organisation/units/<int:pk>/edit", editing.unit_edit, name="unit_edit"),
    path("organisation/units/<int:pk>/close", editing.unit_close, name="unit_close"),
    path("organisation/units/<int:pk>/posts", editing.post_new, name="post_new"),
    path("organisation/posts/<int:pk>/end", editing.post_end, name="post_end"),
    path("organisation/people", views.people, name="people"),
    path("organisation/people/export", views.people_export, name="people_export"),
    path("organisation/people/new", editing.person_new, name="person_new"),
    path("organisation/people/<int:pk>", views.person, name="person"),
    path("organisation/people/<int:pk>/edit", editing.person_edit, name="person_edit"),
    path("organisation/import", bringing.imports, name="imports"),
    path("organisation/import/sync/<slug:kind>", bringing.sync, name="sync"),
    path("organisation/import/template/<slug:kind>", bringing.template, name="template"),
    path("organisation/import/<int:pk>", bringing.one, name="import"),
    path("organisation/import/<int:pk>/apply", bringing.apply, name="import_apply"),
    path("organisation/import/<int:pk>/rejected", bringing.rejected, name="import_rejected"),
]
