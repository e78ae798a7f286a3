"""Who may sign in with what: the passwords stored here. The hospital's directory is in directory.py."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from xunzhi.web.accounts.models import User
from xunzhi.web.org.models import Person

Row = TypeVar("Row", User, Person)


def may_sign_in(user: User) -> bool:
    """Whether an account is enabled and its person still works here."""
    left = user.person is not None and user.person.until is not None and user.person.until < timezone.localdate()
    return user.is_active and not left


class AccountBackend(BaseBackend):
    """What all ways of signing in share: Django's own permissions are unused, those who left are kept out."""

    def get_user(self, user_id: int) -> User | None:
        """The account behind a session; None if it may no longer sign in."""
        user = _row(User, user_id)
        if user is not None:
            user.person = _row(Person, user.person_id)
        return user if user is not None and may_sign_in(user) else None


def _row(model: type[Row], pk: int | None) -> Row | None:
    """A row by its key; plain SQL, for each request asks for two, and Django takes longer to write them than to ask."""
    table = model._meta.db_table  # noqa: SLF001  as Django calls it in public
    return next(iter(model.objects.raw(f"SELECT * FROM {table} WHERE id = %s", [pk])), None) if pk is not None else None


class PasswordBackend(AccountBackend):
    """Account name and password as they are stored here."""

    def authenticate(self, request: Any, username: str = "", password: str = "") -> User | None:
        """The account; unknown names take as long as wrong passwords."""
        user = User.objects.select_related("person").filter(username=username).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and may_sign_in(user) else None
