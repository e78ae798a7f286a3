"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("work", _("My work"), "work:home", "home", order=10),
    Entry("work", _("Notifications"), "work:notifications", "bell", order=20),
    Entry("manage", _("Working days"), "work:calendar", "calendar", "org.manage", order=60),
    Entry("manage", _("Deliveries"), "work:deliveries", "send", "job.run", order=80),
)
