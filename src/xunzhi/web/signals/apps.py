"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignalsConfig(AppConfig):
    """The app `signals`."""

    name = "xunzhi.web.signals"
    verbose_name = _("Signals")
