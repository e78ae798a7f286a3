"""Who may sign in, the roles they were given, and what keeps accounts safe. Secrets are stored hashed or sealed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from xunzhi.web.org.models import Person, Unit


class User(AbstractUser):
    """An account. What it may do follows from its role grants alone; Django's staff and superuser flags are unused."""

    person = models.OneToOneField(Person, models.PROTECT, null=True, blank=True, related_name="user")
    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    must_change_password = models.BooleanField(default=False)
    password_set = models.DateTimeField(null=True, blank=True, editable=False)
    glass_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Until then a :class:`Breakage` of this account may be in force: spares others the look-up."""

    class Meta:
        """By name."""

        ordering = ["username"]

    def __str__(self) -> str:
        return self.person.name if self.person else self.username


class RoleGrant(models.Model):
    """A role of the pack, given to an account for a unit and everything below it, over a term (days inclusive)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    given_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        """By account."""

        ordering = ["user", "role"]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.unit}"


class Session(AbstractBaseSession):
    """A browser that someone is signed in with; deleting the row signs it out (see sessions.py)."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    since = models.DateTimeField(null=True)
    seen = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        """Newest first."""

        ordering = ["-seen"]
        verbose_name = "session"
        verbose_name_plural = "sessions"

    @property
    def mark(self) -> str:
        """What stands for the session on pages, which must not show its key."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        """The store that keeps the columns true."""
        from xunzhi.web.accounts.sessions import SessionStore  # noqa: PLC0415  sessions.py needs this model

        return SessionStore


class Attempts(models.Model):
    """Failures in a row to sign in, of an account name or from a network address (see attempts.py)."""

    key = models.CharField(max_length=200, unique=True)
    failures = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True)
    last = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"


class OldPassword(models.Model):
    """The hash of a password that an account had, so that it isn't taken again soon."""

    user = models.ForeignKey(User, models.CASCADE, related_name="old_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%F}"


class Invitation(models.Model):
    """A one-time link with which someone sets a password: a new account, or one whose password was reset."""

    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.expires:%F}"


class SecondFactor(models.Model):
    """The authenticator app of an account. `last_step` is the newest time step whose code was accepted."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor")
    sealed = models.TextField()
    last_step = models.BigIntegerField(default=0)
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.user_id)


class RecoveryCode(models.Model):
    """A code that stands in for the authenticator app once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.user_id)


class ApiToken(models.Model):
    """A key with which a program acts for an account, within scopes, for a term (see tokens.py)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("what for"), max_length=80)
    start = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(_("expires"))
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class Breakage(models.Model):
    """Broken glass: someone reaches, for a while and with a reason, a unit or a patient beyond his roles."""

    user = models.ForeignKey(User, models.PROTECT, related_name="breakages")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", help_text=_("of a patient: the institution"))
    patient = models.CharField(_("patient number"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reviewed = models.DateTimeField(null=True)
    justified = models.BooleanField(null=True)
    remark = models.CharField(_("remark"), max_length=500, blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} → {self.patient or self.unit}"
