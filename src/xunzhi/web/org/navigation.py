"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("manage", _("Getting started"), "org:steps", "checklist", "org.manage", order=5),
    Entry("manage", _("Organisation"), "org:tree", "sitemap", "org.view", order=10),
    Entry("manage", _("People"), "org:people", "users", "org.view", order=11),
    Entry("manage", _("Import of organisation"), "org:imports", "upload", "org.manage", order=12),
)
