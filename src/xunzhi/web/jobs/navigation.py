"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("manage", _("Hospital data"), "jobs:data", "archive", "data.load", order=20),
    Entry("manage", _("Background jobs"), "jobs:index", "activity", "job.view", order=60),
)
