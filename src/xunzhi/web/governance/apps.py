"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GovernanceConfig(AppConfig):
    """The app `governance`."""

    name = "xunzhi.web.governance"
    verbose_name = _("Governance")
