"""The standards and facts behind the site, opened once in a process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.utils.translation import get_language

from xunzhi.lake import Lake
from xunzhi.standards import Label, Pack
from xunzhi.standards.local import FOLDER, IN_FORCE, TARGETS, installed
from xunzhi.standards.pack import DEFAULT_PACK
from xunzhi.web.configuration import home


def pack() -> Pack:
    """The standards in use: the installation's own, else the pack named by XUNZHI_PACK; with the hospital's targets."""
    return _opened(*_stamps())[0]


def lake() -> Lake:
    """The facts of the installation."""
    return _opened(*_stamps())[1]


Stamp = tuple[int, int, int]


def _stamps() -> tuple[str, Stamp, Stamp]:
    """Changes when a definition is published or a target decided: pages then go on with the new standards."""
    name = os.environ.get("XUNZHI_PACK", DEFAULT_PACK)
    return name, _stamp(home() / FOLDER / IN_FORCE), _stamp(home() / TARGETS)


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1)
def _opened(name: str, *stamps: Stamp) -> tuple[Pack, Lake]:
    found = installed(home(), name)
    return found, Lake(home(), found)


def in_language(label: Label, code: str | None = None) -> str:
    """A label of the standards in the language of this request (or of `code`, as Django names languages)."""
    return label("zh" if (code or get_language() or "zh").startswith("zh") else "en")


def kinds_of_cases(stratum: str) -> dict[str, str] | None:
    """Code → name of the units of a stratum that divides cases by what they are, in the language of this request.

    None for strata whose units are departments or people.
    """
    spec = pack().manifest.strata.get(stratum)
    if spec is None or spec.codes is None:
        return None
    return {code: in_language(item.label) for code, item in pack().codes[spec.codes].codes.items()}


def indicator_name(name: str) -> str:
    """An indicator's name in the language of this request; its id, if it is no longer in the standards."""
    indicator = pack().indicators.get(name)
    return in_language(indicator.label) if indicator else name
