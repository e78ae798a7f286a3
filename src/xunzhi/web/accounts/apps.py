"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The app `accounts`."""

    name = "xunzhi.web.accounts"
    verbose_name = _("Accounts")
