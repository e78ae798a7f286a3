"""Single sign-on by OpenID Connect: authorization code flow with PKCE (RFC 7636), state and nonce.

The provider only says who someone is. What he may do follows from the roles given here; who has no account here stays
outside.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import requests
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from xunzhi.web.accounts.backends import AccountBackend, may_sign_in
from xunzhi.web.accounts.matching import account_of
from xunzhi.web.accounts.models import User
from xunzhi.web.configuration import Oidc, configuration

logger = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures only: a shared secret or "none" is no proof."""

SESSION_KEY = "oidc"
TIMEOUT = 10
CACHE_SECONDS = 3600
LEEWAY = 60
_documents: dict[str, tuple[float, dict[str, Any]]] = {}


class OidcBackend(AccountBackend):
    """Carries sessions that began with single sign-on; it takes no passwords."""


class Refused(ValidationError):  # noqa: N818  a refusal, no error
    """Single sign-on failed; the text is for the person."""


def begin(request: HttpRequest, next_page: str) -> str:
    """The address at the provider to which the browser is sent.

    Raises:
        Refused: if the provider doesn't answer.
    """
    setup = configuration().oidc
    state, nonce, verifier = (secrets.token_urlsafe(32) for _number in range(3))
    request.session[SESSION_KEY] = {"state": state, "nonce": nonce, "verifier": verifier, "next": next_page}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": setup.client_id,
        "redirect_uri": _return_address(),
        "scope": " ".join(setup.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = _discovered(setup)["authorization_endpoint"]
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"


def finish(request: HttpRequest) -> tuple[User, str]:
    """The account of whom the provider sent back, and the page he wanted.

    Raises:
        Refused: if he was not sent by the provider in this session, or has no account.
    """
    setup = configuration().oidc
    begun = request.session.pop(SESSION_KEY, None)
    state = request.GET.get("state", "")
    if begun is None or not hmac.compare_digest(begun["state"].encode(), state.encode()):
        raise Refused(_("This sign-in was not begun here, or took too long. Please begin again."))
    if "error" in request.GET:
        logger.warning("single sign-on: provider says %r", request.GET["error"])
        raise Refused(_("Single sign-on was declined. Try again, or use your password."))
    if request.GET.get("iss", setup.issuer) != setup.issuer:
        raise Refused(_("This sign-in was not begun here, or took too long. Please begin again."))
    claims = _claims(setup, request.GET.get("code", ""), begun)
    user = _account(setup, claims)
    if user is None or not may_sign_in(user):
        raise Refused(_("You have no account here yet. Ask the security administrator for one."))
    return user, begun["next"]


def _account(setup: Oidc, claims: dict[str, Any]) -> User | None:
    """By staff number; if the settings name no claim for that, by a mail address that the provider has verified."""
    if setup.code_claim:
        known = {"code": str(claims.get(setup.code_claim) or "")}
    else:
        known = {"mail": str(claims.get("email") or "") if claims.get("email_verified") is True else ""}
    return account_of(**known, institution=setup.institution, make=setup.create)


def _claims(setup: Oidc, code: str, begun: dict[str, str]) -> dict[str, Any]:
    """What the provider says of the person: the ID token, and its user info where that lacks the staff number."""
    found = _discovered(setup)
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _return_address(),
        "code_verifier": begun["verifier"],
        "client_id": setup.client_id,
    }
    answer = _ask("POST", found["token_endpoint"], data=body, auth=(setup.client_id, setup.client_secret))
    claims = _verified(setup, str(answer.get("id_token", "")), begun["nonce"])
    wanted = setup.code_claim or "email"
    if wanted not in claims and "userinfo_endpoint" in found and "access_token" in answer:
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        more = _ask("GET", found["userinfo_endpoint"], headers=bearer)
        if more.get("sub") == claims["sub"]:
            claims = {**more, **claims}
    return claims


def _verified(setup: Oidc, token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that the provider signed for us, just now, in this sign-in (OpenID Core 3.1.3.7)."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError(str(header.get("alg")))
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(setup, header.get("kid")),
            algorithms=[header["alg"]],
            audience=setup.client_id,
            issuer=setup.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        logger.warning("single sign-on: ID token refused: %s", error)
        raise Refused(_("The answer of the single sign-on can't be trusted. Tell the system administrator.")) from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()) or (
        (several or "azp" in claims) and claims.get("azp") != setup.client_id
    ):
        logger.warning("single sign-on: ID token is for another sign-in")
        raise Refused(_("The answer of the single sign-on can't be trusted. Tell the system administrator."))
    return claims


def _key(setup: Oidc, kid: str | None) -> Any:
    """The provider's key of that id; asked for again once if it is new."""
    address = _discovered(setup)["jwks_uri"]
    for fresh in (False, True):
        keys = jwt.PyJWKSet.from_dict(_document(address, fresh)).keys
        for key in keys:
            if key.key_id == kid or (kid is None and len(keys) == 1):
                return key.key
    raise jwt.InvalidKeyError(f"no key {kid!r} at {address}")


def _discovered(setup: Oidc) -> dict[str, Any]:
    """The provider's configuration (OpenID Connect Discovery 1.0)."""
    found = _document(setup.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != setup.issuer:
        logger.warning("single sign-on: %s calls itself %r", setup.issuer, found.get("issuer"))
        raise Refused(_("The answer of the single sign-on can't be trusted. Tell the system administrator."))
    return found


def _document(address: str, fresh: bool = False) -> dict[str, Any]:
    """A document of the provider, kept for an hour."""
    kept = _documents.get(address)
    if kept is None or fresh or time.monotonic() - kept[0] > CACHE_SECONDS:
        kept = (time.monotonic(), _ask("GET", address))
        _documents[address] = kept
    return kept[1]


def _ask(method: str, address: str, **more: Any) -> dict[str, Any]:
    try:
        answer = requests.request(method, address, timeout=TIMEOUT, allow_redirects=False, **more)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        logger.warning("single sign-on: %s: %s", address, error)
        raise Refused(_("Single sign-on doesn't answer. Use your password, or try again later.")) from error
    return said


def _return_address() -> str:
    return configuration().site.url.rstrip("/") + reverse("accounts:oidc_return")
