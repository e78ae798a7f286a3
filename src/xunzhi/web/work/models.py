"""The tables of this room: notifications, their deliveries, what people prefer, and a hospital's own calendar."""

from __future__ import annotations

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xunzhi.web.org.models import Person


class Notification(models.Model):
    """Something a person was told. The key makes it once: the same person is never told the same key twice."""

    class Kind(models.TextChoices):
        """What it is about; escalations and alarms don't wait for quiet hours to end."""

        TASK = "task", _("Task")
        REMINDER = "reminder", _("Reminder")
        ESCALATION = "escalation", _("Escalation")
        MENTION = "mention", _("Mention")
        FOLLOWED = "followed", _("Followed")
        SIGNAL = "signal", _("Signal")
        ALARM = "alarm", _("Alarm")
        JOB = "job", _("Background job")
        DIGEST = "digest", _("Digest")

    person = models.ForeignKey(Person, models.CASCADE, related_name="notifications")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    text_zh = models.TextField()
    text_en = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    planned = models.BooleanField(default=False)

    class Meta:
        """Newest first."""

        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="told_once")]
        indexes = [
            models.Index(fields=["person", "-at"], name="notification_inbox"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notification_unread"),
            models.Index(fields=["id"], condition=Q(planned=False), name="notification_unplanned"),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def text(self) -> str:
        """What it says in the reader's language."""
        return self.text_en if (get_language() or "zh").startswith("en") else self.text_zh

    @property
    def headline(self) -> str:
        """Its first line."""
        return self.text.split("\n", 1)[0]

    @property
    def rest(self) -> str:
        """What follows the first line."""
        return self.text.partition("\n")[2].strip()


class Delivery(models.Model):
    """That a notification has to reach a person through a channel, and how far that came."""

    class State(models.TextChoices):
        """From waiting to sent; `failed` after the last try."""

        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """In order of what is due."""

        ordering = ["due", "pk"]
        constraints = [models.UniqueConstraint(fields=["notification", "channel"], name="delivered_once")]
        indexes = [models.Index(fields=["due"], condition=Q(state__in=["waiting", "sending"]), name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.notification}"


class Preference(models.Model):
    """How a person wants to be told; who has none is told at once, and gets a digest each working morning.

    `channels` None: not chosen (preferences.usual).
    """

    class Digest(models.TextChoices):
        """How often the digest comes."""

        NONE = "none", _("None")
        DAILY = "daily", _("Each day")
        WEEKLY = "weekly", _("Each Monday")

    person = models.OneToOneField(Person, models.CASCADE, related_name="preference")
    channels = models.JSONField(null=True)
    at_once = models.BooleanField(_("tell me at once, not only in the digest"), default=True)
    digest = models.CharField(_("digest"), max_length=8, choices=Digest, default=Digest.DAILY)
    digest_at = models.TimeField(_("time of the digest"), default=time(7, 30))
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    def __str__(self) -> str:
        return str(self.person)


class Digested(models.Model):
    """That the digest of a period was written for a person, or that there was nothing to write."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    period = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        """Once for a period."""

        constraints = [models.UniqueConstraint(fields=["person", "period"], name="digested_once")]

    def __str__(self) -> str:
        return f"{self.person} {self.period}"


class CalendarDay(models.Model):
    """A day on which a hospital differs from the national calendar, or that the program doesn't know yet."""

    institution = models.CharField(max_length=40)
    day = models.DateField()
    working = models.BooleanField()
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        """In order of time."""

        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["institution", "day"], name="calendar_day_unique")]

    def __str__(self) -> str:
        return f"{self.day} {self.institution}"
