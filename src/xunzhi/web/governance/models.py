"""The tables of this room."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases.models import Case


class Trial(models.Model):
    """A proposed change, tried on last year's data: what each month would have been.

    `proposal` is the fingerprint of what was tried; a proposal changed since has to be tried again.
    `rows` hold period, the value before and after, and their counts, for the hospital; `units` how many department
    months differ.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="trials")
    proposal = models.CharField(max_length=64)
    tried_at = models.DateTimeField(_("tried"), auto_now_add=True)
    error = models.TextField(blank=True)
    rows = models.JSONField(default=list)
    units = models.JSONField(default=dict)

    class Meta:
        """Newest first."""

        ordering = ["-tried_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.tried_at}"


class Publication(models.Model):
    """A version of the hospital's own pack ($XUNZHI_HOME/standards) put into force with a case; the newest holds.

    Each is made from the one before it: of two with the same `number`, the second is refused.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="publications")
    number = models.PositiveIntegerField(unique=True)
    version = models.CharField(max_length=16)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In order."""

        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.case} {self.version}"


class Decision(models.Model):
    """A decision on a target or a baseline, as it stands in its file ($XUNZHI_HOME/<file>); never changed."""

    class File(models.TextChoices):
        """Where decisions stand for all programs to read."""

        TARGETS = "targets.yaml", _("targets")
        BASELINES = "baselines.yaml", _("baselines")

    file = models.CharField(max_length=20, choices=File)
    told = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In order."""

        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.file} {self.pk}"
