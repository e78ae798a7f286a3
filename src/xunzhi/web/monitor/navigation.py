"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("monitor", _("Quality overview"), "monitor:overview", "layout-grid", "overview.view", order=10),
    Entry("monitor", _("Departments"), "monitor:departments", "building-hospital", "department.view", order=20),
    Entry("monitor", _("Results of doctors"), "monitor:people", "user-check", "person.view", order=30),
    Entry("monitor", _("Indicators"), "monitor:indicators", "chart-line", "indicator.view", order=40),
    Entry("monitor", _("Wall screen"), "monitor:wall", "device-tv", "overview.view", order=90),
)
