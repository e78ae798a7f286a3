"""The hospital's directory (LDAP): search for who signs in, then bind as him with what he typed."""

from __future__ import annotations

import logging
import ssl
from typing import Any

from ldap3 import AUTO_BIND_NO_TLS, AUTO_BIND_NONE, AUTO_BIND_TLS_BEFORE_BIND, NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars

from xunzhi.web.accounts.backends import AccountBackend, may_sign_in
from xunzhi.web.accounts.matching import account_of
from xunzhi.web.accounts.models import User
from xunzhi.web.configuration import Ldap, configuration

logger = logging.getLogger(__name__)


class DirectoryError(Exception):
    """The directory can't be asked: it doesn't answer, or refuses the account that searches."""


class DirectoryBackend(AccountBackend):
    """Account name and password as the directory knows them."""

    def authenticate(self, request: Any, username: str = "", password: str = "") -> User | None:
        """The account of whom the directory knows by this name and password.

        Raises:
            DirectoryError: if the directory can't be asked.
        """
        setup = configuration().ldap
        if not setup.url or not username.strip() or not password:  # an empty password would be an anonymous bind
            return None
        try:
            entry = _search(setup, username)
            if entry is None or not _binds(setup, entry["dn"], password):
                return None
        except (LDAPException, OSError) as error:
            logger.warning("directory %s: %s", setup.url, error)
            raise DirectoryError from error
        user = _account(setup, username, entry)
        return user if user is not None and may_sign_in(user) else None


def _account(setup: Ldap, username: str, entry: dict[str, Any]) -> User | None:
    """By staff number; where the directory has none, by account name."""
    if not setup.code_attribute:
        return User.objects.select_related("person").filter(username=username).first()
    codes = entry["attributes"].get(setup.code_attribute) or []
    said = [codes] if isinstance(codes, str) else [str(code) for code in codes]
    return account_of(code=said[0], institution=setup.institution, make=setup.create) if len(said) == 1 else None


def _server(setup: Ldap) -> Server:
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=setup.ca_file or None, version=ssl.PROTOCOL_TLS_CLIENT)
    return Server(setup.url, get_info=NONE, tls=tls, connect_timeout=setup.timeout)


def _connection(setup: Ldap, dn: str, password: str, bind: bool) -> Connection:
    encrypt = setup.start_tls and setup.url.startswith("ldap://")
    connection = Connection(
        _server(setup),
        user=dn,
        password=password,
        auto_bind=(AUTO_BIND_TLS_BEFORE_BIND if encrypt else AUTO_BIND_NO_TLS) if bind else AUTO_BIND_NONE,
        receive_timeout=setup.timeout,
        auto_referrals=False,
        read_only=True,
    )
    if not bind:
        connection.open()
        if encrypt:
            connection.start_tls()
    return connection


def _search(setup: Ldap, username: str) -> dict[str, Any] | None:
    """The one entry that the filter finds."""
    wanted = setup.filter.replace("{username}", escape_filter_chars(username.strip()))
    with _connection(setup, setup.bind_dn, setup.bind_password, bind=True) as connection:
        attributes = [setup.code_attribute] if setup.code_attribute else []
        connection.search(setup.base, wanted, SUBTREE, attributes=attributes, size_limit=2)
        found = [entry for entry in connection.response or [] if entry["type"] == "searchResEntry"]
    return found[0] if len(found) == 1 else None


def _binds(setup: Ldap, dn: str, password: str) -> bool:
    connection = _connection(setup, dn, password, bind=False)
    try:
        return bool(connection.bind())
    finally:
        connection.unbind()
