"""How an anonymous opener comes back to his case: by a secret that only he has."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction

from xunzhi.web.accounts.attempts import claim_address
from xunzhi.web.cases.models import Case

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without characters that look alike: people copy the secret by hand."""

LENGTH = 16


def new_receipt() -> tuple[str, str]:
    """A secret ("ABCD-EFGH-JKMN-PQRS") and the hash of it that the case keeps."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(secret[at : at + 4] for at in range(0, LENGTH, 4)), hashed(secret)


def hashed(secret: str) -> str:
    """The hash of a secret, however it was typed."""
    plain = "".join(letter for letter in secret.upper() if letter in ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()


def found_by(secret: str, address: str) -> Case | None:
    """The case of a secret. A wrong one is counted for the network address; of a right one no trace is left.

    Raises:
        Blocked: if the address has to wait after too many wrong ones.
    """
    with transaction.atomic():
        claim_address(address)
        found = Case.objects.exclude(receipt="").filter(receipt=hashed(secret)).select_related("revision").first()
        transaction.set_rollback(found is not None)
    return found
