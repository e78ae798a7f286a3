"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitorConfig(AppConfig):
    """The app `monitor`."""

    name = "xunzhi.web.monitor"
    verbose_name = _("Monitoring")
