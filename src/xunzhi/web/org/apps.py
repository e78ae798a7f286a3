"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrgConfig(AppConfig):
    """The app `org`."""

    name = "xunzhi.web.org"
    verbose_name = _("Organisation")
