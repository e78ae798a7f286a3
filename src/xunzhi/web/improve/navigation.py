"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("improve", _("Projects and circles"), "improve:projects", "recycle", "case.view", order=42),
    Entry("improve", _("Benefits of projects"), "improve:benefits", "chart-bar", "case.view", order=46),
    Entry("improve", _("What worked"), "improve:library", "trophy", "indicator.view", order=48),
)
