"""What improvement adds to cases: the proof that was announced, the tools, the steps done, the judges' points."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from xunzhi.web.cases.models import Case
from xunzhi.web.org.models import Person

MONTH = 7
"""Characters of a month such as 2026-03."""


class Proof(models.Model):
    """How the effect of a case will be judged, laid down when the work begins and not changed afterwards.

    The months `before_first` to `before_last` of one chart are compared with those from `in_place` on, the first full
    month with the measures, which is the only thing that is filled in later. `watch_until` is set when the case is
    closed as effective: until then it re-opens if the gain is lost.
    """

    case = models.OneToOneField(Case, models.CASCADE, related_name="proof")
    indicator = models.CharField(_("indicator"), max_length=60)
    institution = models.CharField(max_length=40)
    stratum = models.CharField(max_length=20)
    unit = models.CharField(max_length=40, blank=True)
    before_first = models.CharField(_("baseline from"), max_length=MONTH)
    before_last = models.CharField(_("baseline to"), max_length=MONTH)
    expected = models.FloatField(_("expected"), null=True)
    in_place = models.CharField(_("measures in place from"), max_length=MONTH, blank=True)
    watch_until = models.DateField(_("watched until"), null=True)
    declared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By case."""

        ordering = ["case"]
        indexes = [models.Index(fields=["institution", "indicator", "stratum", "unit"], name="proof_of_chart")]

    def __str__(self) -> str:
        return f"{self.case} · {self.indicator}"


class ToolSheet(models.Model):
    """A tool of a project as filled in; its form stands in the pack (improve.yaml)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="tool_sheets")
    tool = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One sheet for each tool of a project."""

        ordering = ["case", "tool"]
        constraints = [models.UniqueConstraint(fields=["case", "tool"], name="tool_sheet_once")]

    def __str__(self) -> str:
        return f"{self.case} · {self.tool}"


class StepDone(models.Model):
    """A step of its method that a project has finished."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="steps_done")
    step = models.CharField(max_length=40)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    done_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Each step once."""

        ordering = ["done_at"]
        constraints = [models.UniqueConstraint(fields=["case", "step"], name="step_done_once")]

    def __str__(self) -> str:
        return f"{self.case} · {self.step}"


class Score(models.Model):
    """A judge's points for a project: for its proposal (`contest` empty), or in a contest."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="scores")
    contest = models.ForeignKey(Case, models.CASCADE, null=True, related_name="contest_scores")
    judge = models.ForeignKey(Person, models.PROTECT, related_name="+")
    points = models.JSONField()
    total = models.FloatField()
    comment = models.TextField(_("comment"), blank=True)
    given_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Each judge once for each project and contest."""

        ordering = ["-total"]
        constraints = [
            models.UniqueConstraint(fields=["case", "contest", "judge"], name="score_in_contest_once"),
            models.UniqueConstraint(fields=["case", "judge"], condition=models.Q(contest=None), name="score_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.judge}: {self.total}"
