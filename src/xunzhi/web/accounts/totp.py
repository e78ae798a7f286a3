"""Time-based one-time passwords (RFC 6238: HMAC-SHA-1, 30 seconds, 6 digits), as authenticator apps make them."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP = 30
DIGITS = 6
DRIFT = 1
"""Steps that the clock of a phone may be off, either way."""


def fresh_secret() -> str:
    """A secret of 160 bits (RFC 4226, section 4), in base 32 as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 4226, section 5.3)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), "sha1").digest()
    start = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, typed: str, seconds: float) -> int | None:
    """The time step near a moment (seconds since 1970) whose code was typed; None if it is none of them."""
    now = int(seconds) // STEP
    digits = "".join(typed.split())
    if not digits.isascii():
        return None
    matching = [
        step
        for step in range(max(now - DRIFT, 0), now + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step), digits)
    ]
    return matching[-1] if matching else None


def address(secret: str, issuer: str, account: str) -> str:
    """What the QR code says (otpauth://totp/…)."""
    query = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{issuer}:{account}')}?{query}"
