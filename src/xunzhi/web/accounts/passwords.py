"""Which passwords are taken, and how one is changed."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import MinimumLengthValidator, validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.web.accounts.models import Invitation, OldPassword, User
from xunzhi.web.accounts.secret_texts import digest, token
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration


class LongEnough(MinimumLengthValidator):
    """Django's, whose refusal is in English only."""

    def get_error_message(self) -> str:
        """What is asked."""
        least = self.min_length
        return ngettext("At least %(count)d character.", "At least %(count)d characters.", least) % {"count": least}

    get_help_text = get_error_message


class Kinds:
    """Small letters, capitals, digits, other signs: enough of them must be there."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a password of too few kinds of signs."""
        found = {_kind(sign) for sign in password}
        if len(found) < configuration().accounts.password_kinds:
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """What is asked."""
        wanted = configuration().accounts.password_kinds
        return _("At least %(count)d of: small letters, capital letters, digits, other signs.") % {"count": wanted}


def _kind(sign: str) -> str:
    if sign.isdigit():
        return "digit"
    return {"Lu": "capital", "Ll": "small"}.get(unicodedata.category(sign), "other")


class NotOneself:
    """Name, account and staff number are the first that others try."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a password that contains one of them, forwards or backwards."""
        if user is None:
            return
        person = user.person
        known = [user.username, user.email.partition("@")[0]]
        if person is not None:
            known += [person.name, person.code, person.email.partition("@")[0]]
        said = password.casefold()
        for text in (text.casefold() for text in known if len(text) > 2):
            if text in said or text[::-1] in said:
                raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """What is asked."""
        return _("Not your name, account or staff number, nor anything that contains them.")


class NotUsedBefore:
    """The last few passwords are not taken again."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse a password that this account has or had lately."""
        if user is None or user.pk is None:
            return
        most = configuration().accounts.password_history
        had = [*user.old_passwords.values_list("password", flat=True)[:most], user.password][: most + 1]
        if any(check_password(password, old) for old in had):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """What is asked."""
        most = configuration().accounts.password_history
        return ngettext("Not your last password.", "None of your last %(count)d passwords.", most) % {"count": most}


def is_due(user: User) -> bool:
    """Whether a password must be changed before anything else is done."""
    days = configuration().accounts.password_days
    old = bool(days and user.password_set and user.password_set < timezone.now() - timedelta(days=days))
    return user.has_usable_password() and (user.must_change_password or old)


@transaction.atomic
def change(user: User, password: str, by: Any, action: str = "password.change") -> None:
    """Give an account another password. All its sessions end; keep the one at hand with `update_session_auth_hash`.

    Raises:
        ValidationError: if the password isn't good enough.
    """
    validate_password(password, user)
    if user.has_usable_password():
        OldPassword.objects.create(user=user, password=user.password)
        kept = user.old_passwords.values_list("pk", flat=True)[: configuration().accounts.password_history]
        user.old_passwords.exclude(pk__in=list(kept)).delete()
    user.set_password(password)
    user.must_change_password, user.password_set = False, timezone.now()
    user.save(update_fields=["password", "must_change_password", "password_set"])
    Invitation.objects.filter(user=user, used=None).update(used=timezone.now())
    record(by, action, f"account {user.username}")


@transaction.atomic
def invite_all(users: list[User]) -> dict[int, str]:
    """One-time texts by account, with which people set a new password; old ones, older links and sessions end now."""
    expires = timezone.now() + timedelta(hours=configuration().accounts.invitation_hours)
    texts = {user.pk: token() for user in users}
    Invitation.objects.filter(user__in=texts, used=None).update(used=timezone.now())
    Invitation.objects.bulk_create(
        Invitation(user=user, digest=digest(texts[user.pk]), expires=expires) for user in users
    )
    for user in users:
        if user.has_usable_password():
            OldPassword.objects.create(user=user, password=user.password)
        user.set_unusable_password()
        user.must_change_password = False
        user.sessions.all().delete()
    User.objects.bulk_update(users, ["password", "must_change_password"])
    return texts


def invited(text: str) -> Invitation | None:
    """The invitation that a link stands for; None if there is none, or no longer."""
    open_ones = Invitation.objects.filter(digest=digest(text), used=None, expires__gt=timezone.now())
    return open_ones.select_related("user__person").first()


@transaction.atomic
def accept(invitation: Invitation, password: str, by: Any) -> User:
    """Set the password someone chose with his link; the link is used up, even if it is used twice at once.

    Raises:
        ValidationError: if the password isn't good enough, or the link was used meanwhile.
    """
    if not Invitation.objects.filter(pk=invitation.pk, used=None).update(used=timezone.now()):
        raise ValidationError(_("This link has been used."))
    change(invitation.user, password, by, action="password.set")
    return invitation.user
