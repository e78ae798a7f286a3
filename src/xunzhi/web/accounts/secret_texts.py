"""Secrets as they are made and stored: what is only compared is hashed, what is needed again is sealed.

The texts that are made here are long and random, so that a plain SHA-256 can't be searched backwards; passwords, which
are not, go through Django's hashers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet
from django.conf import settings

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which people mix up: 5 bits each."""


def code(groups: int = 4, length: int = 4) -> str:
    """A code that a person may have to type: 4 × 4 letters are 80 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(length)) for _ in range(groups))


def token(prefix: str = "") -> str:
    """A text that only programs and links carry: 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """What is stored of a code or token."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain(typed: str) -> str:
    """A typed code as it was made: in capitals, in groups of four."""
    letters = "".join(letter for letter in typed.upper() if letter in LETTERS)
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


@lru_cache(maxsize=1)
def _box() -> Fernet:
    key = hmac.new(settings.SECRET_KEY.encode(), b"xunzhi sealed texts", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> str:
    """A text that only this installation can read again: a copy of the database alone doesn't give it away."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text.

    Raises:
        cryptography.fernet.InvalidToken: if it was sealed with another secret.key.
    """
    return _box().decrypt(sealed.encode()).decode()
