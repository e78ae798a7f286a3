"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (
    Entry("work", _("Break the glass"), "accounts:glass", "alert-triangle", "glass.break", order=90),
    Entry("manage", _("Accounts and roles"), "accounts:accounts", "users", "account.manage", order=20),
    Entry("manage", _("Review broken glass"), "accounts:glass_reviews", "shield-check", "glass.review", order=30),
)
