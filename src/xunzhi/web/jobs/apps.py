"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """The app `jobs`."""

    name = "xunzhi.web.jobs"
    verbose_name = _("Jobs")
