"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (Entry("monitor", _("Definitions and targets"), "governance:changes", "adjustments", "target.set", order=39),)
