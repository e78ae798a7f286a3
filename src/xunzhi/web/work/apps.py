"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkConfig(AppConfig):
    """The app `work`."""

    name = "xunzhi.web.work"
    verbose_name = _("Work")
