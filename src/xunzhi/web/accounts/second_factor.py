"""The second factor of an account: an authenticator app, and recovery codes for when the phone is lost."""

from __future__ import annotations

from typing import Any

import segno
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from xunzhi.web.accounts import totp
from xunzhi.web.accounts.models import RecoveryCode, SecondFactor, User
from xunzhi.web.accounts.secret_texts import code, digest, plain, seal, unseal
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration
from xunzhi.web.permissions import Access

RECOVERY_CODES = 10


def has_one(user: User) -> bool:
    """Whether an account has set one up."""
    return SecondFactor.objects.filter(user=user).exists()


def needs_one(access: Access) -> bool:
    """Whether the settings ask it of one of the roles someone holds."""
    return not set(configuration().accounts.second_factor).isdisjoint(access.role_names())


def qr_code(user: User, secret: str) -> SafeString:
    """The secret as an SVG that an app can scan."""
    picture = segno.make(totp.address(secret, "Xunzhi", user.username), error="m", micro=False)
    svg = picture.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr-code", lineclass=None, omitsize=True)
    return mark_safe(svg)  # noqa: S308  made of squares


@transaction.atomic
def enrol(user: User, secret: str, typed: str, by: Any) -> list[str]:
    """Make an app the second factor, once it shows the right code; returns the recovery codes, which are shown once.

    Raises:
        ValidationError: if the code is wrong.
    """
    step = totp.step_of(secret, typed, timezone.now().timestamp())
    if step is None:
        raise ValidationError(_("That is not the code of now. Check that the phone's clock is right, and try again."))
    SecondFactor.objects.update_or_create(user=user, defaults={"sealed": seal(secret), "last_step": step})
    record(by, "second_factor.enrol", f"account {user.username}")
    return _new_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(user: User, by: Any) -> list[str]:
    """Other recovery codes; the old ones no longer work."""
    record(by, "second_factor.codes", f"account {user.username}")
    return _new_recovery_codes(user)


def _new_recovery_codes(user: User) -> list[str]:
    user.recovery_codes.all().delete()
    codes = [code() for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=digest(text)) for text in codes)
    return codes


def codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    return user.recovery_codes.filter(used=None).count()


@transaction.atomic
def verify(user: User, typed: str) -> bool:
    """Whether this is the code of now, or a recovery code; either is accepted once, even if typed twice at once."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    step = totp.step_of(unseal(factor.sealed), typed, timezone.now().timestamp())
    if step is not None:
        return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))
    unused = user.recovery_codes.filter(digest=digest(plain(typed)), used=None)
    return bool(unused.update(used=timezone.now()))


@transaction.atomic
def remove(user: User, by: Any, reason: str = "") -> None:
    """Take the second factor away: by its owner, or by the security administrator when the phone is lost."""
    SecondFactor.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()
    record(by, "second_factor.remove", f"account {user.username}", reason)
