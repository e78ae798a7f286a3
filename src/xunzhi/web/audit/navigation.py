"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (Entry("manage", _("Audit log"), "audit:log", "shield-lock", "audit.view", order=70),)
