"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImproveConfig(AppConfig):
    """The app `improve`."""

    name = "xunzhi.web.improve"
    verbose_name = _("Improvement")
