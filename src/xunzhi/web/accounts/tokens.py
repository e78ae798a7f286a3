"""API tokens: a program acts for an account, within scopes and until a day. A token is shown once and stored hashed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xunzhi.web.accounts.backends import may_sign_in
from xunzhi.web.accounts.models import ApiToken, User
from xunzhi.web.accounts.secret_texts import digest, token
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration
from xunzhi.web.permissions import Access

PREFIX = "xz_"
SCOPES = {
    "organisation:read": gettext_lazy("Read units and people"),
    "results:read": gettext_lazy("Read indicators and results"),
    "signals:read": gettext_lazy("Read signals"),
    "signals:write": gettext_lazy("Handle signals"),
    "cases:read": gettext_lazy("Read cases"),
    "cases:write": gettext_lazy("Open and move cases"),
}
"""What a token may be limited to; within that it may what its account may, and no more."""


@dataclass(frozen=True)
class Caller:
    """The account for which a program asks, and the scopes of its token."""

    user: User
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Refuse what the token wasn't made for.

        Raises:
            PermissionDenied: if the token lacks the scope.
        """
        if scope not in self.scopes:
            raise PermissionDenied(_("This token has no scope %(scope)s.") % {"scope": scope})


def authenticate(request: HttpRequest) -> Caller | None:
    """Who asks, by the header `Authorization: Bearer xz_…`; None if no valid token is there.

    From then on `request.user` and `request.access` are those of the token's account.
    """
    kind, _space, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.startswith(PREFIX):
        return None
    now = timezone.now()
    found = (
        ApiToken.objects.filter(digest=digest(text.strip()), revoked=None, expires__gt=now)
        .select_related("user__person")
        .first()
    )
    if found is None or not may_sign_in(found.user):
        return None
    ApiToken.objects.filter(Q(used=None) | Q(used__lt=now - timedelta(minutes=1)), pk=found.pk).update(used=now)
    request.user = found.user
    request.access = Access(found.user)  # type: ignore[attr-defined]
    return Caller(found.user, frozenset(found.scopes))


@transaction.atomic
def make(user: User, name: str, scopes: Iterable[str], days: int, by: Any) -> str:
    """A new token of an account; the text that is returned is never seen again.

    Raises:
        ValidationError: if it has no name or scope, or would live too long.
    """
    wanted, longest = sorted(set(scopes)), configuration().accounts.token_days
    if not name.strip():
        raise ValidationError(_("Say what the token is for."))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise ValidationError(_("Choose what the token may do."))
    if not 1 <= days <= longest:
        raise ValidationError(_("A token lives 1 to %(days)d days.") % {"days": longest})
    text = token(PREFIX)
    made = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        start=text[:9],
        digest=digest(text),
        scopes=wanted,
        expires=timezone.now() + timedelta(days=days),
    )
    record(by, "token.make", f"token {made.pk} of {user.username}", name, {"scopes": wanted, "days": days})
    return text


@transaction.atomic
def revoke(made: ApiToken, by: Any) -> None:
    """Let a token be refused from now on."""
    if ApiToken.objects.filter(pk=made.pk, revoked=None).update(revoked=timezone.now()):
        record(by, "token.revoke", f"token {made.pk} of {made.user.username}", made.name)


def in_use(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    """Those that still work."""
    return tokens.filter(revoked=None, expires__gt=timezone.now())
