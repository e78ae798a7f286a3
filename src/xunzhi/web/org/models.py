"""The organisation: units, the people in them, and the posts they hold, each with its history."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.Model):
    """An institution, committee, office, department, ward or group: what it is today.

    `code` is the code of the same department or ward in the lake, within `institution`. `path` lists the ids from the
    top down to this unit ("/1/7/12/"), so that "this unit and everything below" is one prefix. What it was called and
    where it belonged at an earlier date is in :class:`UnitState`.
    """

    class Kind(models.TextChoices):
        """What a unit is."""

        INSTITUTION = "institution", _("Institution")
        COMMITTEE = "committee", _("Committee")
        SUBCOMMITTEE = "subcommittee", _("Sub-committee")
        OFFICE = "office", _("Functional office")
        DEPARTMENT = "department", _("Department")
        WARD = "ward", _("Ward")
        GROUP = "group", _("QC group")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    institution = models.CharField(_("institution"), max_length=40, help_text=_("its code in the data"))
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=200, db_index=True, editable=False)
    owner_key = models.CharField(
        _("owner of indicators"),
        max_length=40,
        blank=True,
        help_text=_("owner in the standards, such as quality_office"),
    )
    since = models.DateField(_("since"), default=date(2000, 1, 1))
    until = models.DateField(_("until"), null=True, blank=True, help_text=_("last day; empty while it exists"))
    order = models.PositiveIntegerField(_("order"), default=100)

    class Meta:
        """Codes are unique for a kind within an institution."""

        ordering = ["order", "code"]
        constraints = [models.UniqueConstraint(fields=["institution", "kind", "code"], name="unit_code_unique")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the path true; moving a unit moves what is below it (org.services.move)."""
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            super().save(update_fields=["path"])

    def within(self, other: Unit) -> bool:
        """Whether this unit is `other` or lies below it."""
        return self.path.startswith(other.path)


class UnitState(models.Model):
    """What a unit was called, and where it belonged, over some days (both ends included)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="states")
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        """In order of time."""

        ordering = ["unit", "since"]

    def __str__(self) -> str:
        return f"{self.name} {self.since}–{self.until or ''}"


class Person(models.Model):
    """Someone who works here. `code` is the staff number in the lake, within `institution`."""

    institution = models.CharField(_("institution"), max_length=40)
    code = models.CharField(_("staff number"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    title = models.CharField(_("title"), max_length=40, blank=True)
    category = models.CharField(_("category"), max_length=20, blank=True)
    licence_level = models.CharField(_("licence level"), max_length=40, blank=True)
    email = models.EmailField(_("mail"), blank=True)
    channel = models.CharField(
        _("message address"), max_length=200, blank=True, help_text=_("for WeCom, DingTalk, Feishu")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="people", verbose_name=_("unit"))
    since = models.DateField(_("since"), default=date(2000, 1, 1))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        """Staff numbers are unique within an institution."""

        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["institution", "code"], name="person_code_unique")]

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """Where someone worked over some days that are past (both ends included); where he works now is `Person.unit`."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="placements")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField()

    class Meta:
        """In order of time."""

        ordering = ["person", "since"]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit} {self.since}–{self.until}"


class Post(models.Model):
    """A duty that a person has in a unit for a term: head, head nurse, chair, member, quality officer and so on."""

    class Duty(models.TextChoices):
        """Duties; roles in the site are given separately (accounts.RoleGrant)."""

        PRESIDENT = "president", _("President")
        VICE_PRESIDENT = "vice_president", _("Vice-president")
        CHAIR = "chair", _("Chair")
        VICE_CHAIR = "vice_chair", _("Vice-chair")
        SECRETARY = "secretary", _("Secretary")
        MEMBER = "member", _("Member")
        HEAD = "head", _("Head")
        DEPUTY_HEAD = "deputy_head", _("Deputy head")
        HEAD_NURSE = "head_nurse", _("Head nurse")
        QUALITY_DOCTOR = "quality_doctor", _("QC doctor")
        QUALITY_NURSE = "quality_nurse", _("QC nurse")

    person = models.ForeignKey(Person, models.CASCADE, related_name="posts")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="posts")
    duty = models.CharField(_("duty"), max_length=20, choices=Duty)
    duties = models.TextField(_("responsibilities"), blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        """By unit, then duty."""

        ordering = ["unit", "duty"]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_duty_display()} · {self.unit}"


class Import(models.Model):
    """A table of units, people or posts that someone brought: as it was read, and what became of it."""

    class Kind(models.TextChoices):
        """What the rows of a table are."""

        UNITS = "units", _("Units")
        PEOPLE = "people", _("People")
        POSTS = "posts", _("Posts")

    kind = models.CharField(_("content"), max_length=8, choices=Kind)
    name = models.CharField(_("file"), max_length=200)
    rows = models.JSONField()
    lines = models.JSONField(default=list)
    effective = models.DateField(_("takes effect on"))
    by = models.CharField(_("by"), max_length=150, help_text=_("account"))
    created = models.DateTimeField(_("created"), auto_now_add=True)
    applied = models.DateTimeField(_("applied"), null=True)

    class Meta:
        """Newest first."""

        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.name}"
