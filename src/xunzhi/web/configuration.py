"""How this installation is set up: $XUNZHI_HOME/settings.toml, read once. What is absent has a safe default."""

from __future__ import annotations

import os
import secrets
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of settings.toml: unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Section):
    """Where people reach the site."""

    url: str = Field(default="http://127.0.0.1:8000", description="as people type it; links in mail begin with it")
    hosts: tuple[str, ...] = Field(default=("127.0.0.1", "localhost"), description="host names the site answers to")
    demo: bool = Field(default=False, description="list the demo accounts on the login page")


class Mail(Section):
    """The mail server; without a host no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    sender: str = "xunzhi@localhost"


class Accounts(Section):
    """Passwords, lockout and sessions."""

    password_length: int = 10
    failures: int = Field(default=5, description="wrong passwords until an account is locked")
    lock_minutes: int = 15
    idle_minutes: int = 30


class Configuration(Section):
    """All of settings.toml."""

    site: Site = Site()
    mail: Mail = Mail()
    accounts: Accounts = Accounts()
    channels: dict[str, str] = Field(default={}, description="name → apprise address (WeCom, DingTalk, Feishu …)")


def home() -> Path:
    """The folder in which everything of this installation is stored."""
    return Path(os.environ.get("XUNZHI_HOME", "xunzhi-home")).absolute()


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The settings of this installation.

    Raises:
        pydantic.ValidationError: naming what settings.toml says wrongly.
    """
    file = home() / "settings.toml"
    said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return Configuration.model_validate(said)


def secret_key() -> str:
    """The key that signs sessions: made once, readable by the owner of the installation only."""
    file = home() / "secret.key"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(draft, "w") as out:
            out.write(secrets.token_urlsafe(50))
    return file.read_text(encoding="utf-8")
