"""Who may sign in, and the roles they were given."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from xunzhi.web.org.models import Person, Unit


class User(AbstractUser):
    """An account. What it may do follows from its role grants alone; Django's staff and superuser flags are unused."""

    person = models.OneToOneField(Person, models.PROTECT, null=True, blank=True, related_name="user")
    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    must_change_password = models.BooleanField(default=False)

    class Meta:
        """By name."""

        ordering = ["username"]

    def __str__(self) -> str:
        return self.person.name if self.person else self.username


class RoleGrant(models.Model):
    """A role of the pack, given to an account for a unit and everything below it, over a term."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    given_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        """By account."""

        ordering = ["user", "role"]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.unit}"
