"""How this installation is set up: $XUNZHI_HOME/settings.toml, read once. What is absent has a safe default."""

from __future__ import annotations

import os
import secrets
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of settings.toml: unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Section):
    """Where people reach the site."""

    url: str = Field(default="http://127.0.0.1:8000", description="as people type it; links in mail begin with it")
    hosts: tuple[str, ...] = Field(default=("127.0.0.1", "localhost"), description="host names the site answers to")
    demo: bool = Field(default=False, description="list the demo accounts on the login page")
    proxies: tuple[str, ...] = Field(default=(), description="addresses whose X-Forwarded-For is believed")


class Mail(Section):
    """The mail server; without a host no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    sender: str = "xunzhi@localhost"


class Accounts(Section):
    """Passwords, lockout, second factor, sessions, broken glass."""

    password_length: int = Field(default=10, ge=8)
    password_kinds: int = Field(default=3, ge=1, le=4, description="of small letters, capitals, digits, other signs")
    password_history: int = Field(default=5, description="so many old passwords are not taken again")
    password_days: int = Field(default=0, description="a password is changed after so many days; 0: it needn't be")
    failures: int = Field(default=5, ge=1, description="wrong passwords in a row until an account is locked")
    lock_minutes: int = Field(default=15, ge=1)
    address_failures: int = Field(
        default=20, ge=1, description="wrong passwords from an address until it is slowed down"
    )
    second_factor: tuple[str, ...] = Field(default=(), description="roles that must use an authenticator app")
    idle_minutes: int = Field(default=30, ge=1)
    invitation_hours: int = Field(default=72, ge=1, description="life of a link with which a password is set")
    token_days: int = Field(default=365, ge=1, description="longest life of an API token")
    glass_minutes: int = Field(default=60, ge=1, description="how long broken glass stays broken")


class Ldap(Section):
    """The hospital's directory: people sign in with the password they have there."""

    url: str = Field(default="", description="ldaps://… or ldap://…; empty: no directory")
    start_tls: bool = Field(default=True, description="encrypt ldap:// before anything is said")
    ca_file: str = Field(default="", description="certificates that are trusted; empty: those of the system")
    bind_dn: str = Field(default="", description="account that searches")
    bind_password: str = ""
    base: str = Field(default="", description="where people are searched")
    filter: str = Field(
        default="(uid={username})", description="finds one entry; {username} is what was typed, escaped"
    )
    code_attribute: str = Field(default="employeeNumber", description="holds the staff number")
    institution: str = Field(default="", description="code of the institution of the staff numbers; empty: any")
    create: bool = Field(default=False, description="make an account, without roles, for staff who have none")
    timeout: int = Field(default=5, ge=1, description="seconds")


class Oidc(Section):
    """Single sign-on by OpenID Connect (code flow with PKCE)."""

    issuer: str = Field(default="", description="https://…, as the provider names itself; empty: no single sign-on")
    client_id: str = ""
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    code_claim: str = Field(default="employee_number", description="claim with the staff number; empty: match by mail")
    institution: str = Field(default="", description="code of the institution of the staff numbers; empty: any")
    create: bool = Field(default=False, description="make an account, without roles, for staff who have none")
    second_factor: bool = Field(default=False, description="the provider asks for a second factor itself")
    label_zh: str = "医院统一身份认证"
    label_en: str = "Single sign-on"


class Data(Section):
    """What mappings brought in the browser may read beside their own folder, $XUNZHI_HOME/mappings."""

    folders: tuple[str, ...] = Field(default=(), description="folders with files of the hospital's systems")
    databases: tuple[Annotated[str, Field(pattern=r"/$")], ...] = Field(
        default=(),
        description="beginnings of database URLs as mappings write them, with their last slash: "
        "postgresql://reader:${HIS_PASSWORD}@his/",
    )


class Configuration(Section):
    """All of settings.toml."""

    site: Site = Site()
    mail: Mail = Mail()
    accounts: Accounts = Accounts()
    ldap: Ldap = Ldap()
    oidc: Oidc = Oidc()
    data: Data = Data()
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
