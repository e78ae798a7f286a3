"""`xunzhi init`: make an installation ready for its first page, or fill it with the demo."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

import django
from django.core.management import call_command

from xunzhi.web.configuration import home

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12

SETTINGS = """\
# Settings of this installation; what is absent has a safe default (see docs/administration.md).
[site]
url = "{url}"            # as people type it; https:// behind a proxy
hosts = ["127.0.0.1", "localhost"]        # add the name of the server
demo = {demo}

# [mail]
# host = "smtp.example.org"
# sender = "quality@example.org"
"""


def prepare(url: str, *, demo: bool) -> None:
    """Write settings that are not there yet, and bring the database up to date."""
    home().mkdir(parents=True, exist_ok=True)
    file = home() / "settings.toml"
    if not file.is_file():
        file.write_text(SETTINGS.format(url=url, demo=str(demo).lower()), encoding="utf-8")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _code_file() -> Path:
    return home() / "setup.code"


def setup_code() -> str:
    """The code that the first-run page asks for, so that no stranger takes over; made once."""
    file = _code_file()
    if not file.is_file():
        draft = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(draft, "w") as out:
            out.write("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
    return file.read_text(encoding="utf-8")


def is_code(text: str) -> bool:
    """Whether a text is the setup code of this installation; without `xunzhi init` nothing is."""
    file = _code_file()
    if not file.is_file():
        return False
    given = text.strip().upper().replace("-", "").replace(" ", "")
    return hmac.compare_digest(given.encode(), file.read_bytes())


def use_up_code() -> bool:
    """The code was used: it never works again. Of two who use it at once only one is told True."""
    try:
        _code_file().unlink()
    except FileNotFoundError:
        return False
    return True
