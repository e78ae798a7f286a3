"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """The app `cases`."""

    name = "xunzhi.web.cases"
    verbose_name = _("Registers")
