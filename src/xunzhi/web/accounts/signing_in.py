"""From what someone shows at the door to a session: password or single sign-on, second factor, session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, authenticate, login, logout
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from xunzhi.web.accounts import attempts, second_factor
from xunzhi.web.accounts.directory import DirectoryError
from xunzhi.web.accounts.models import User
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration

OIDC = "xunzhi.web.accounts.oidc.OidcBackend"
PENDING = "waits_for_second_factor"
PATIENCE = timedelta(minutes=5)
"""So long may someone take for the second factor."""

TOUCH = timedelta(minutes=1)
"""A session notes at most once in so long that it is in use: a write for each page would be too many."""

BACKGROUND = "X-Background"
"""Header of requests that pages make by themselves: they don't keep a session awake."""


def by_password(request: HttpRequest, username: str, password: str) -> User | None:
    """The account of this name and password; None if there is none.

    Raises:
        Blocked: if the account is locked, or the address has to wait.
        DirectoryError: if the hospital's directory can't be asked.
    """
    address = address_of(request)
    attempts.claim(username, address)
    try:
        user = authenticate(request, username=username, password=password)
    except DirectoryError:
        attempts.withdraw(username, address)
        raise
    if user is None:
        with transaction.atomic():
            failed(request, username)
        return None
    attempts.succeeded(username, address)
    return user  # type: ignore[return-value]


def failed(request: HttpRequest, username: str) -> None:
    """Record a failure, and that it locked the account if it did."""
    record(request, "sign_in.fail", f"account {username[:150]}")
    if attempts.locked_until(username):
        record(request, "account.lock", f"account {username[:150]}")


def proceed(request: HttpRequest, user: User, way: str, second_factor_done: bool = False) -> bool:
    """Sign someone in, or let him wait for his second factor first; returns whether he is in."""
    if not second_factor_done and second_factor.has_one(user):
        request.session.cycle_key()
        request.session[PENDING] = {"user": user.pk, "way": way, "backend": user.backend, "at": _text(timezone.now())}  # type: ignore[attr-defined]
        return False
    enter(request, user, way, second_factor_done)
    return True


def waiting(request: HttpRequest) -> User | None:
    """Who is half in: the password was right, the second factor is missing."""
    pending = request.session.get(PENDING)
    if pending is None or timezone.now() - datetime.fromisoformat(pending["at"]) > PATIENCE:
        return None
    user = User.objects.select_related("person").filter(pk=pending["user"], is_active=True).first()
    if user is not None:
        user.backend = pending["backend"]
    return user


def by_code(request: HttpRequest, user: User, typed: str) -> bool:
    """Whether the code is right; then the one who waited is in.

    Raises:
        Blocked: after too many wrong ones.
    """
    if not check_code(request, user, typed):
        return False
    enter(request, user, request.session[PENDING]["way"], verified=True)
    return True


def check_code(request: HttpRequest, user: User, typed: str) -> bool:
    """Whether someone has the second factor of an account at hand; wrong codes are counted like wrong passwords.

    Raises:
        Blocked: after too many wrong ones.
    """
    return _counted(request, user, "code", lambda: second_factor.verify(user, typed))


def check_password(request: HttpRequest, user: User, typed: str) -> bool:
    """Whether someone who is signed in still knows his password.

    Raises:
        Blocked: after too many wrong ones.
    """
    return _counted(request, user, "password", lambda: user.check_password(typed))


def signs_by_code(request: HttpRequest) -> bool:
    """Whether someone signs with a code of his second factor: single sign-on leaves him no password to sign with."""
    came_by = request.session.get(BACKEND_SESSION_KEY, "")
    return not request.user.has_usable_password() and came_by == OIDC  # type: ignore[union-attr]


def confirms(request: HttpRequest, typed: str) -> bool:
    """Whether who is signed in shows again that it is he.

    He does so by the password with which he signs in, kept here or in the hospital's directory; by a code where
    :func:`signs_by_code`.

    Raises:
        Blocked: after too many wrong ones.
        DirectoryError: if the directory can't be asked.
    """
    user: User = request.user  # type: ignore[assignment]
    if user.has_usable_password():
        return check_password(request, user, typed)
    if signs_by_code(request):
        return check_code(request, user, typed)

    def known_there() -> bool:
        found = authenticate(request, username=user.username, password=typed)
        return found is not None and found.pk == user.pk

    return _counted(request, user, "password", known_there)


def _counted(request: HttpRequest, user: User, what: str, right: Callable[[], bool]) -> bool:
    name, address = f"{user.username}#{what}", address_of(request)
    attempts.claim(name, address)
    try:
        known = right()
    except DirectoryError:
        attempts.withdraw(name, address)
        raise
    if known:
        attempts.succeeded(name, address)
        return True
    with transaction.atomic():
        failed(request, user.username)
    return False


@transaction.atomic
def enter(request: HttpRequest, user: User, way: str, verified: bool) -> None:
    """Begin a session of its own for an account (a new key: none that was known before)."""
    request.session.pop(PENDING, None)
    login(request, user, backend=getattr(user, "backend", None))
    request.session["verified"] = verified
    record(request, "sign_in", f"account {user.username}", detail={"way": way, "second_factor": verified})


@transaction.atomic
def leave(request: HttpRequest, why: str = "sign_out") -> None:
    """End the session at hand."""
    if request.user.is_authenticated:
        record(request, why, f"account {request.user.get_username()}")
    logout(request)


@receiver(user_logged_in)
def _note_where(request: HttpRequest, **_others: Any) -> None:
    """Sessions say since when and from where (see sessions.py)."""
    now = _text(timezone.now())
    agent = request.META.get("HTTP_USER_AGENT", "")[:200]
    request.session.update({"since": now, "seen": now, "address": address_of(request), "agent": agent})


def is_idle(request: HttpRequest) -> bool:
    """Whether the session wasn't used for too long; if it is in use, it notes so."""
    seen, now = request.session.get("seen"), timezone.now()
    before = datetime.fromisoformat(seen) if seen else now
    if now - before > timedelta(minutes=configuration().accounts.idle_minutes):
        return True
    if now - before > TOUCH and BACKGROUND not in request.headers:
        request.session["seen"] = _text(now)
    return False


def address_of(request: HttpRequest) -> str:
    """The network address that asks (middleware.client_address has looked behind known proxies)."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _text(moment: datetime) -> str:
    return moment.isoformat()
