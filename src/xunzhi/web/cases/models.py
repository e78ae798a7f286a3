"""Cases and what belongs to them: facts are added, never changed; a case row is their sum."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xunzhi.standards.cases import CaseType
from xunzhi.standards.roles import Secrecy
from xunzhi.web.cases.types import revived
from xunzhi.web.org.models import Person, Unit


class CaseTypeRevision(models.Model):
    """A case type as it once was, so that old cases keep the form with which they were filed."""

    type = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=16)
    spec = models.JSONField()
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Each wording once."""

        ordering = ["type", "-since"]
        constraints = [models.UniqueConstraint(fields=["type", "fingerprint"], name="case_type_revision_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.fingerprint}"

    @property
    def form(self) -> CaseType:
        """The case type; `spec` is read only if no case of this wording was seen before."""
        return revived(self.fingerprint, lambda: self.spec)


class Counter(models.Model):
    """The last number given within a period, such as 202611."""

    institution = models.CharField(max_length=40)
    type = models.CharField(max_length=40)
    period = models.CharField(max_length=8, blank=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        """One for each series of numbers."""

        constraints = [models.UniqueConstraint(fields=["institution", "type", "period"], name="case_counter_once")]

    def __str__(self) -> str:
        return f"{self.institution} {self.type} {self.period}: {self.last}"


SECRECIES = [
    (Secrecy.PUBLIC.value, _("Public")),
    (Secrecy.INTERNAL.value, _("Internal")),
    (Secrecy.CONFIDENTIAL.value, _("Confidential")),
    (Secrecy.SECRET.value, _("Secret")),
]


ASKED = ("state", "unit", "secrecy", "opened_by", "assignee", "chosen")
"""What lists ask of a case beside their order: held by their indexes, so that few cases are read for a page."""


def address_of(pk: int) -> str:
    """The page of a case."""
    return f"/cases/{pk}"


class Cases(models.QuerySet["Case"]):
    """Cases; `light` reads many of them quickly."""

    def light(self, *related: str) -> Cases:
        """With their unit and type, and `related`; without what is long and rarely wanted."""
        found = self.select_related("revision", "unit", *related)
        return found.defer("revision__spec", "text")


class Case(models.Model):
    """One case. `stage` is the kind of its state; `version` rises with every change (see services.py).

    `text` is what the search finds, in lower case; `chosen` repeats the choices among `values` for the indexes
    (labels.chosen_text); `receipt` is the hash of the secret by which an anonymous opener
    comes back. Of an anonymous case `opened_by` is empty, and nothing else leads to a person either.
    """

    class Stage(models.TextChoices):
        """Kinds of state."""

        OPEN = "open", _("Open")
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")

    type = models.CharField(_("type"), max_length=40)
    revision = models.ForeignKey(CaseTypeRevision, models.PROTECT, related_name="cases")
    institution = models.CharField(_("institution"), max_length=40)
    number = models.CharField(_("number"), max_length=40)
    title = models.CharField(_("name of the case"), max_length=200)
    state = models.CharField(_("state"), max_length=40)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage)
    version = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(_("round"), default=1)
    values = models.JSONField(default=dict)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases", verbose_name=_("unit"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="opened_cases", verbose_name=_("opened by")
    )
    assignee = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="assigned_cases", verbose_name=_("assigned to")
    )
    secrecy = models.CharField(_("secrecy"), max_length=12, choices=SECRECIES, default=Secrecy.INTERNAL.value)
    opened_at = models.DateTimeField(_("opened"))
    entered_state_at = models.DateTimeField(_("in this state since"))
    due_at = models.DateTimeField(_("due"), null=True)
    closed_at = models.DateTimeField(_("closed on"), null=True)
    text = models.TextField(editable=False, default="")
    chosen = models.TextField(editable=False, default="")
    receipt = models.CharField(max_length=64, blank=True, editable=False)
    participants = models.ManyToManyField(Unit, through="Participation", related_name="shared_cases")

    objects = Cases.as_manager()

    class Meta:
        """Newest first; one index for each way into the list."""

        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "type", "number"], name="case_number_once"),
            models.CheckConstraint(condition=Q(stage="done") ^ Q(closed_at=None), name="case_closed_if_done"),
        ]
        indexes = [
            models.Index(fields=["type", "-opened_at", "-id", *ASKED], name="case_list"),
            models.Index(fields=["type", "state", "-opened_at"], name="case_by_state"),
            models.Index(fields=["unit", "-opened_at"], name="case_by_unit"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            # Open cases are few among many: what waits, and the counts above a list, are read from these alone.
            # SQLite uses a partial index only for a condition without parameters, so ask for closed_at=None, not stage.
            models.Index(
                fields=["due_at", "id", "type", "stage", *ASKED[:-1]], condition=Q(closed_at=None), name="case_due"
            ),
            models.Index(
                fields=["type", "-opened_at", "-id", *ASKED], condition=Q(closed_at=None), name="case_open_list"
            ),
            models.Index(
                fields=["type", "state", "due_at", "-id", *ASKED[1:]],
                condition=Q(closed_at=None),
                name="case_open",
            ),
            models.Index(fields=["number"], name="case_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def form(self) -> CaseType:
        """The case type with which it was filed."""
        return self.revision.form

    @property
    def open(self) -> bool:
        """Whether anything remains to be done."""
        return self.stage != self.Stage.DONE

    def get_absolute_url(self) -> str:
        """The page of the case."""
        return address_of(self.pk)


class Participation(models.Model):
    """A unit that takes part in a case beside the one it belongs to."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="participations")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")

    class Meta:
        """Each unit once."""

        constraints = [models.UniqueConstraint(fields=["case", "unit"], name="case_participation_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.unit}"


class Fact(models.Model):
    """A row that is written once and never again."""

    class Meta:
        """Only a base."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row.

        Raises:
            TypeError: if it was written before.
        """
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{type(self).__name__} rows are never deleted")


class LogEntry(Fact):
    """What happened to a case: who, when, from which state to which, what changed ({field: [before, after]}).

    `version` is that of the case afterwards. All entries of a case in order give its state and values.
    """

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("Opened")
        MOVED = "moved", _("Moved")
        EDITED = "edited", _("Edited")
        ATTACHED = "attached", _("File added")
        LINKED = "linked", _("Linked")
        REMINDED = "reminded", _("Reminded")

    case = models.ForeignKey(Case, models.PROTECT, related_name="log")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField()
    transition = models.CharField(max_length=40, blank=True)
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40, blank=True)
    round = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)
    changes = models.JSONField(default=dict)
    signed_as = models.CharField(max_length=120, blank=True)

    class Meta:
        """In the order in which it happened."""

        ordering = ["case", "pk"]
        indexes = [models.Index(fields=["case", "transition", "at"], name="case_log_steps")]

    def __str__(self) -> str:
        return f"{self.case_id} v{self.version} {self.kind} {self.transition}"


class Comment(Fact):
    """A remark; those mentioned are told, and may see the case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="comments")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    mentions = models.ManyToManyField(Person, related_name="mentioned_in")

    class Meta:
        """In order."""

        ordering = ["case", "pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Attachment(models.Model):
    """A file: its bytes lie outside the web root under their hash (files.py). Without a case it waits to be filed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="attachments")
    field = models.CharField(max_length=80, blank=True)
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In order of time."""

        ordering = ["at"]

    def __str__(self) -> str:
        return self.name


class Link(models.Model):
    """That a case has to do with another one."""

    class Kind(models.TextChoices):
        """How; read from `case` to `other`."""

        RELATED = "related", _("related to")
        RAISED_BY = "raised_by", _("raised by")
        PART_OF = "part_of", _("part of")
        DUPLICATE = "duplicate", _("duplicate of")
        FOLLOWS = "follows", _("follows")

    case = models.ForeignKey(Case, models.CASCADE, related_name="links")
    other = models.ForeignKey(Case, models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RELATED)

    class Meta:
        """Each once, and none to itself."""

        constraints = [
            models.UniqueConstraint(fields=["case", "other", "kind"], name="case_link_once"),
            models.CheckConstraint(condition=~Q(case=models.F("other")), name="case_link_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.other_id}"


class Follower(models.Model):
    """That a person wants to hear of a case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="followers")
    person = models.ForeignKey(Person, models.CASCADE, related_name="followed_cases")

    class Meta:
        """Each once."""

        constraints = [models.UniqueConstraint(fields=["case", "person"], name="case_follower_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.person}"


class Draft(models.Model):
    """What a user has typed but not yet filed, for a new case of a type or for one at hand."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="case_drafts")
    type = models.CharField(max_length=40)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="drafts")
    values = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One for each form."""

        constraints = [
            models.UniqueConstraint(fields=["user", "type"], condition=Q(case=None), name="case_draft_once"),
            models.UniqueConstraint(fields=["user", "case"], name="case_draft_of_case_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.type} {self.case_id or ''}"


class SavedView(models.Model):
    """A filter of the list that a user keeps under a name, for himself, for a unit, or (`shared`) for everyone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    type = models.CharField(max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)
    shared = models.BooleanField(_("shared"), default=False)
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="+", help_text=_("shared with those in it"))

    class Meta:
        """By name."""

        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "type", "name"], name="case_view_once")]

    def __str__(self) -> str:
        return self.name


class Reminder(models.Model):
    """That a step of the ladder was taken for a deadline: each is taken once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="reminders")
    due_at = models.DateTimeField()
    step = models.PositiveSmallIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Each step once for a deadline."""

        constraints = [models.UniqueConstraint(fields=["case", "due_at", "step"], name="case_reminder_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.due_at} {self.step}"
