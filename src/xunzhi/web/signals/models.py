"""The tables of this room."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from xunzhi.web.cases.models import Case
from xunzhi.web.org.models import Unit

MONTH = 7


class Signal(models.Model):
    """One cause that moved one or several charts, from the month in which it was first seen.

    `cause` names it: the same counted thing, of the same place, to the same side. While a signal of a cause is not
    closed, new months and other charts are added to it instead of a second one. `places` are all charts on which it
    stands, with their figures of the latest month; the columns below repeat the strongest.
    """

    class State(models.TextChoices):
        """What became of it."""

        NEW = "new", pgettext_lazy("signal", "New")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        EXPLAINED = "explained", _("Explained")
        SENT = "sent", _("Sent to a department")
        SNOOZED = "snoozed", _("Snoozed")
        CLOSED = "closed", pgettext_lazy("signal", "Closed")

    class Kind(models.TextChoices):
        """Which way it moved."""

        CONCERN = "concern", _("Concern")
        BOTH = "both", _("Good and bad")
        NEUTRAL = "neutral", _("Unusual")
        IMPROVEMENT = "improvement", pgettext_lazy("signal", "Improvement")

    cause = models.CharField(max_length=64)
    institution = models.CharField(max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    indicator = models.CharField(_("indicator"), max_length=60)
    stratum = models.CharField(max_length=20)
    code = models.CharField(max_length=40, blank=True)
    owner = models.CharField(_("owner"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    first_month = models.CharField(_("since"), max_length=MONTH)
    last_month = models.CharField(_("last seen"), max_length=MONTH)
    months = models.PositiveIntegerField(_("months"), default=1)
    rules = models.JSONField()
    value = models.FloatField()
    centre = models.FloatField()
    sigmas = models.FloatField(null=True)
    q = models.FloatField()
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    provisional = models.BooleanField()
    places = models.JSONField(default=list)
    urgent = models.BooleanField(_("within the alert budget"), default=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.NEW)
    snoozed_until = models.DateField(_("snoozed until"), null=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="signals")
    version = models.PositiveIntegerField(default=1)
    raised_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """The most certain first."""

        ordering = ["-urgent", "q", "-last_month", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["cause"], condition=~Q(state="closed"), name="signal_open_once"),
        ]
        indexes = [
            models.Index(fields=["institution", "state", "kind"], name="signal_inbox"),
            models.Index(fields=["indicator", "institution"], name="signal_of_indicator"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.code} {self.last_month}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return f"/signals/{self.pk}"

    @property
    def open(self) -> bool:
        """Whether anything is left to do or to watch."""
        return self.state != self.State.CLOSED


class Note(models.Model):
    """What happened to a signal: a change of its state, by someone or by the program."""

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="notes")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=Signal.State)
    text = models.TextField(blank=True)

    class Meta:
        """In order of time."""

        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.signal_id} {self.state}"
