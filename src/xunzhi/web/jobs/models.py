"""The tables of this room: jobs, and how far each schedule has come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xunzhi.web.jobs.registry import kinds


class Job(models.Model):
    """Something to be done in the background. Being a row, it is queued if and only if its transaction commits."""

    class State(models.TextChoices):
        """Where a job is on its way."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(max_length=200, blank=True)
    arguments = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    progress = models.FloatField(_("progress"), default=0)
    message = models.CharField(_("step"), max_length=300, blank=True)
    error = models.TextField(_("error"), blank=True)
    trace = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created = models.DateTimeField(_("created"), auto_now_add=True)
    due = models.DateTimeField()
    started = models.DateTimeField(_("started"), null=True)
    heartbeat = models.DateTimeField(null=True)
    finished = models.DateTimeField(_("finished"), null=True)

    class Meta:
        """Newest first. Of jobs with one key, only one may wait or run."""

        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "due"]), models.Index(fields=["kind", "-id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=models.Q(state__in=["waiting", "running"]) & ~models.Q(key=""),
                name="job_key_unique_while_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def label(self) -> str | Promise:
        """What the kind is called; a kind that no longer exists is called by its name."""
        known = kinds().get(self.kind)
        return known.label if known else self.kind

    @property
    def percent(self) -> int:
        """The progress as a whole number of percent."""
        return round(100 * self.progress)


class Clock(models.Model):
    """The last due moment of a schedule for which jobs were queued."""

    name = models.CharField(max_length=60, unique=True)
    reached = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.reached}"
