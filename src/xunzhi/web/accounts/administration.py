"""The life of an account: made for a person, password reset, disabled, enabled; sessions ended. All is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.accounts import second_factor
from xunzhi.web.accounts.models import Session, User
from xunzhi.web.accounts.passwords import invite_all
from xunzhi.web.accounts.services import in_force
from xunzhi.web.audit.services import Act, record, record_all
from xunzhi.web.org.models import Person


def without_account() -> QuerySet[Person]:
    """The people who work here and have no account yet."""
    return Person.objects.filter(in_force(), user=None).select_related("unit")


def create(person: Person, by: Any, username: str = "") -> User:
    """An account for a person, without roles and without a password. Its name is the staff number unless one is given.

    Raises:
        ValidationError: if the person has one, or the name is taken.
    """
    if User.objects.filter(person=person).exists():
        raise ValidationError(_("%(name)s already has an account.") % {"name": person})
    wanted = username.strip() or _free_name(person, set(User.objects.values_list("username", flat=True)))
    if User.objects.filter(username__iexact=wanted).exists():
        raise ValidationError(_("The account name %(name)s is taken.") % {"name": wanted})
    return create_all([(person, wanted)], by)[0]


@transaction.atomic
def create_all(wanted: Iterable[tuple[Person, str]], by: Any) -> list[User]:
    """As :func:`create`, for many people with the names of their accounts."""
    users = [User(username=name, person=person, email=person.email) for person, name in wanted]
    for user in users:
        user.set_unusable_password()
    made = User.objects.bulk_create(users, batch_size=500)
    record_all(
        by,
        [
            Act("account.create", f"account {user.username}", institution=user.person.institution)
            for user in made
            if user.person
        ],
    )
    return made


@transaction.atomic
def create_for(people: Iterable[Person], by: Any) -> dict[User, str]:
    """Accounts for many people, each with the text of the link with which its password is set."""
    taken = set(User.objects.values_list("username", flat=True))
    wanted = []
    for person in people:
        name = _free_name(person, taken)
        taken.add(name)
        wanted.append((person, name))
    users = create_all(wanted, by)
    texts = invite_all(users)
    return {user: texts[user.pk] for user in users}


def _free_name(person: Person, taken: set[str]) -> str:
    """The staff number; where two hospitals have it, with the institution before it."""
    lower = {name.casefold() for name in taken}
    for name in (person.code, f"{person.institution}-{person.code}"):
        if name.casefold() not in lower:
            return name
    raise ValidationError(_("The account name %(name)s is taken.") % {"name": person.code})


@transaction.atomic
def reset(user: User, by: Any, reason: str = "", lost_phone: bool = False) -> str:
    """End an account's password and sessions; returns the text of the link with which a new password is set.

    With `lost_phone` the second factor goes too.
    """
    _not_oneself(user, by)
    if lost_phone:
        second_factor.remove(user, by, reason)
    text = invite_all([user])[user.pk]
    record(by, "account.reset", f"account {user.username}", reason)
    return text


@transaction.atomic
def disable(user: User, by: Any, reason: str) -> None:
    """Let nobody sign in with an account any more, and end its sessions.

    Raises:
        ValidationError: if it is one's own.
    """
    _not_oneself(user, by)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.sessions.all().delete()
        user.invitations.filter(used=None).update(used=timezone.now())
        record(by, "account.disable", f"account {user.username}", reason)


@transaction.atomic
def enable(user: User, by: Any, reason: str) -> None:
    """Let an account be used again."""
    _not_oneself(user, by)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        record(by, "account.enable", f"account {user.username}", reason)


@transaction.atomic
def end_session(session: Session, by: Any) -> None:
    """Sign a browser out."""
    if session.user is not None and Session.objects.filter(pk=session.pk).delete()[0]:
        record(by, "session.end", f"account {session.user.username}", detail={"address": session.address})


def _not_oneself(user: User, by: Any) -> None:
    if getattr(by, "user", by) == user:
        raise ValidationError(_("Another security administrator has to do that to your own account."))
