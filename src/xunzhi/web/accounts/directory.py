"""The hospital's directory (LDAP): search for who signs in, then bind as him with what he typed."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ldap3 import AUTO_BIND_NONE, NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPBindError, LDAPException, LDAPSASLPrepError, LDAPStartTLSError
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
        except LDAPSASLPrepError:  # signs that no password of a directory has
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


@contextmanager
def _connected(setup: Ldap, dn: str, password: str) -> Iterator[Connection]:
    """A connection on which nothing has been said yet: encrypted, to a server whose certificate is trusted."""
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=setup.ca_file or None, version=ssl.PROTOCOL_TLS_CLIENT)
    connection = Connection(
        Server(setup.url, get_info=NONE, tls=tls, connect_timeout=setup.timeout),
        user=dn,
        password=password,
        auto_bind=AUTO_BIND_NONE,
        receive_timeout=setup.timeout,
        auto_referrals=False,
        read_only=True,
    )
    try:
        connection.open()
        if setup.start_tls and setup.url.startswith("ldap://") and not connection.start_tls():
            raise LDAPStartTLSError(str(connection.result))
        yield connection
    finally:
        connection.unbind()
        if connection.socket is not None:  # ldap3 leaves it open when nobody answered
            connection.socket.close()


def _search(setup: Ldap, username: str) -> dict[str, Any] | None:
    """The one entry that the filter finds."""
    wanted = setup.filter.replace("{username}", escape_filter_chars(username.strip()))
    with _connected(setup, setup.bind_dn, setup.bind_password) as connection:
        if not connection.bind():
            raise LDAPBindError(str(connection.result))
        attributes = [setup.code_attribute] if setup.code_attribute else []
        connection.search(setup.base, wanted, SUBTREE, attributes=attributes, size_limit=2)
        found = [entry for entry in connection.response or [] if entry["type"] == "searchResEntry"]
    return found[0] if len(found) == 1 else None


def _binds(setup: Ldap, dn: str, password: str) -> bool:
    """Whether the directory takes the password for the entry."""
    with _connected(setup, dn, password) as connection:
        return bool(connection.bind())
