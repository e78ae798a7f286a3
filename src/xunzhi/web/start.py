"""Django within a command of the command line: `with started(home, pack, language): …`, then import what needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.utils import translation


@contextmanager
def started(home: Path, pack: str, language: str) -> Iterator[None]:
    """The site of an installation, speaking `language` (zh, en). One installation for each process.

    Raises:
        pydantic.ValidationError: naming what settings.toml says wrongly.
    """
    os.environ["XUNZHI_HOME"] = str(home)
    os.environ["XUNZHI_PACK"] = pack
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xunzhi.web.settings")
    django.setup()
    with translation.override("en" if language == "en" else "zh-hans"):
        yield
