"""How often one may fail: an account is locked after some failures, a network address is made to wait ever longer.

The counters stand in the database, one row each, and are claimed before a password is looked at: however many processes
try at once, no more guesses are answered than allowed. Names that have no account are counted alike, so that a lock
doesn't say which accounts there are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import ngettext

from xunzhi.web.accounts.models import Attempts, User
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration

LONGEST_WAIT = 60
"""Seconds that an address waits at most: a whole hospital may share it."""

MEMORY = timedelta(hours=1)
"""Failures of an address are forgotten when there was none for so long."""


@dataclass
class Blocked(Exception):  # noqa: N818  a refusal, no error
    """No guess is answered now."""

    what: Literal["account", "address"]
    seconds: int

    def __str__(self) -> str:
        if self.what == "address":
            text = ngettext(
                "Too many failures from this address: wait %(count)d second.",
                "Too many failures from this address: wait %(count)d seconds.",
                self.seconds,
            )
            return text % {"count": self.seconds}
        minutes = ceil(self.seconds / 60)
        text = ngettext(
            "Locked after too many failures. Try again in %(count)d minute, or ask the security administrator.",
            "Locked after too many failures. Try again in %(count)d minutes, or ask the security administrator.",
            minutes,
        )
        return text % {"count": minutes}


def account_key(username: str) -> str:
    """The counter of an account name, however it is typed."""
    return f"account:{unicodedata.normalize('NFKC', username).strip().casefold()}"[:200]


def _address_key(address: str) -> str:
    return f"address:{address}"


@transaction.atomic
def claim(username: str, address: str) -> None:
    """Count one attempt as failed, until :func:`succeeded` says that it wasn't.

    Raises:
        Blocked: if no attempt is left; then none is counted.
    """
    now, limits = timezone.now(), configuration().accounts
    account, place = _row(account_key(username), now), _row(_address_key(address), now)
    _refuse(account, "account", now)
    _refuse(place, "address", now)
    if account.blocked_until is not None:  # the lock is over
        account.failures, account.blocked_until = 0, None
    account.failures += 1
    account.last = now
    if account.failures >= limits.failures:
        account.blocked_until = now + timedelta(minutes=limits.lock_minutes)
    _count(place, now)
    Attempts.objects.bulk_update([account, place], ["failures", "blocked_until", "last"])


@transaction.atomic
def claim_address(address: str) -> None:
    """As :func:`claim`, for a secret that belongs to no account: only the address is counted and has to wait."""
    now = timezone.now()
    place = _row(_address_key(address), now)
    _refuse(place, "address", now)
    _count(place, now)
    place.save(update_fields=["failures", "blocked_until", "last"])


def _count(place: Attempts, now: datetime) -> None:
    """One more failure of an address."""
    if now - place.last > MEMORY:
        place.failures = 0
    place.failures += 1
    place.last = now
    over = place.failures - configuration().accounts.address_failures
    place.blocked_until = now + timedelta(seconds=min(2 ** min(over, 6), LONGEST_WAIT)) if over >= 0 else None


def _row(key: str, now: datetime) -> Attempts:
    """A counter, locked until the transaction ends. Always the account's before the address's: no deadlock."""
    Attempts.objects.get_or_create(key=key, defaults={"last": now})
    return Attempts.objects.select_for_update().get(key=key)


def _refuse(row: Attempts, what: Literal["account", "address"], now: datetime) -> None:
    if row.blocked_until is not None and row.blocked_until > now:
        raise Blocked(what, ceil((row.blocked_until - now).total_seconds()))


@transaction.atomic
def succeeded(username: str, address: str) -> None:
    """Forget the failures of an account, and the attempt that was claimed from this address."""
    Attempts.objects.filter(key=account_key(username)).delete()
    _take_back(_address_key(address))


@transaction.atomic
def withdraw(username: str, address: str) -> None:
    """Take back an attempt that came to no answer."""
    _take_back(account_key(username))
    _take_back(_address_key(address))


def _take_back(key: str) -> None:
    row = Attempts.objects.select_for_update().filter(key=key, failures__gt=0).first()
    if row is not None:
        row.failures, row.blocked_until = row.failures - 1, None
        row.save(update_fields=["failures", "blocked_until"])


def locked_until(username: str) -> datetime | None:
    """Until when an account is locked; None if it isn't."""
    row = Attempts.objects.filter(key=account_key(username), blocked_until__gt=timezone.now()).first()
    return row.blocked_until if row else None


def locked_keys() -> set[str]:
    """The counters (see :func:`account_key`) of all accounts that are locked now."""
    rows = Attempts.objects.filter(key__startswith="account:", blocked_until__gt=timezone.now())
    return set(rows.values_list("key", flat=True))


@transaction.atomic
def unlock(user: User, by: Any) -> None:
    """Forget the failures of an account."""
    Attempts.objects.filter(key=account_key(user.username)).delete()
    record(by, "account.unlock", f"account {user.username}")


def forget_old() -> int:
    """Delete counters that no longer count; returns how many."""
    return Attempts.objects.filter(last__lt=timezone.now() - timedelta(days=1)).delete()[0]
