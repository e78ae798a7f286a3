"""Addresses of improvement."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.improve.views import benefits, effects, judging, projects

app_name = "improve"

urlpatterns = [
    path("improve/projects/", projects.projects, name="projects"),
    path("improve/projects/<int:pk>", projects.project, name="project"),
    path("improve/projects/<int:pk>/tools/<slug:name>", projects.tool, name="tool"),
    path("improve/projects/<int:pk>/tools/<slug:name>/tasks", projects.hand_over, name="hand_over"),
    path("improve/projects/<int:pk>/steps/<slug:name>", projects.step, name="step"),
    path("improve/projects/<int:pk>/score", judging.score, name="score"),
    path("improve/projects/<int:pk>/contests/<int:contest_pk>", judging.score, name="contest_score"),
    path("improve/contests/<int:pk>", judging.contest, name="contest"),
    path("improve/contests/<int:pk>/entries", judging.entry, name="entry"),
    path("improve/cases/<int:pk>/effect", effects.effect, name="effect"),
    path("improve/benefits", benefits.benefits, name="benefits"),
    path("improve/library", effects.library, name="library"),
    path("improve/showcase/<int:pk>", effects.showcase, name="showcase"),
]
