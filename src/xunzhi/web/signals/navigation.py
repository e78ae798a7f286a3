"""Entries of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.navigation import Entry

ENTRIES = (Entry("monitor", _("Signals"), "signals:inbox", "activity", "signal.view", order=15),)
