"""How entries of the audit log are chained: each hash covers its entry and the hash before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

GENESIS = "0" * 64
"""What stands before the first entry."""

COVERED = ("number", "user_id", "name", "address", "institution", "action", "thing", "purpose", "detail", "previous")
"""The columns that the hash covers, besides the time."""


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted names, no spaces, and only what both databases can store."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def digest(row: Mapping[str, Any]) -> str:
    """The SHA-256 (64 hexadecimal digits) of an entry's canonical JSON, in which the previous hash stands too.

    `row` has the columns COVERED and `at`, an aware time.
    """
    covered = {column: row[column] for column in COVERED}
    covered["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def storable(text: str) -> str:
    """Text as both databases keep it: PostgreSQL knows no NUL, neither knows half a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
