"""The index by which cases are searched (pairs.py)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from xunzhi.web.cases import pairs


def _create(_apps: Any, editor: Any) -> None:
    pairs.create(editor.connection)


def _drop(_apps: Any, editor: Any) -> None:
    pairs.drop(editor.connection)


class Migration(migrations.Migration):
    """Create the index."""

    dependencies = [("cases", "0001_initial")]  # noqa: RUF012
    operations = [migrations.RunPython(_create, _drop)]  # noqa: RUF012
