"""The standards and facts behind the site, opened once in a process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.utils.translation import get_language

from xunzhi.lake import Lake
from xunzhi.standards import Label, Pack, load_pack
from xunzhi.standards.pack import DEFAULT_PACK
from xunzhi.web.configuration import home


@lru_cache(maxsize=1)
def pack() -> Pack:
    """The standards in use: a pack that comes with the program, or the folder named by XUNZHI_PACK."""
    name = os.environ.get("XUNZHI_PACK", DEFAULT_PACK)
    folder = Path(name)
    return load_pack(folder if folder.is_dir() else name)


@lru_cache(maxsize=1)
def lake() -> Lake:
    """The facts of the installation."""
    return Lake(home(), pack())


def in_language(label: Label, code: str | None = None) -> str:
    """A label of the standards in the language of this request (or of `code`, as Django names languages)."""
    return label("zh" if (code or get_language() or "zh").startswith("zh") else "en")
