"""Django's handle on this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """The app `cases`."""

    name = "xunzhi.web.cases"
    verbose_name = _("Registers")

    def ready(self) -> None:
        """Let connections know what the search index needs."""
        from xunzhi.web.cases.pairs import teach  # noqa: PLC0415  Django must be set up first

        connection_created.connect(teach, dispatch_uid="cases.pairs")
