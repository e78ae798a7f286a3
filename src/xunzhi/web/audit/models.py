"""The tables of this room: the chain of entries, and its head."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

PREFIXES = ("varchar_pattern_ops", "int8_ops")
"""Lets PostgreSQL look up how a text begins, whatever its language (SQLite ignores it: listing.py)."""


class AppendOnlyError(Exception):
    """Someone tried to change or delete what was recorded."""


class Entries(models.QuerySet["Entry"]):
    """Entries can be read and added, nothing else. The database refuses too (guards.py)."""

    def update(self, **changes: Any) -> int:
        """Refuse."""
        raise AppendOnlyError("the audit log can't be changed / 审计日志不可修改")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise AppendOnlyError("the audit log can't be deleted / 审计日志不可删除")


class Entry(models.Model):
    """One thing that was done. `hash` covers all other columns and the hash of the entry before (chain.py).

    Who did it stands as number and account name, not as a foreign key: the log outlives accounts. `detail` is
    canonical JSON, kept as text, so that both databases give back the very bytes that were hashed.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True)
    institution = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=60)
    thing = models.CharField(max_length=200)
    purpose = models.TextField(blank=True)
    detail = models.TextField(default="{}")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = Entries.as_manager()

    class Meta:
        """Each filter of the page has its index; all end in the number, by which pages are turned."""

        ordering = ["-number"]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            *(
                models.Index(fields=[column, "number"], name=f"audit_{column}", opclasses=PREFIXES)
                for column in ("name", "action", "thing")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.thing}"

    @property
    def details(self) -> dict[str, Any]:
        """What `detail` says."""
        said: dict[str, Any] = json.loads(self.detail)
        return said

    @property
    def detail_line(self) -> str:
        """What `detail` says, in one line."""
        return ", ".join(f"{name}: {value}" for name, value in self.details.items())

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only to add."""
        if not self._state.adding:
            raise AppendOnlyError("the audit log can't be changed / 审计日志不可修改")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise AppendOnlyError("the audit log can't be deleted / 审计日志不可删除")


class Head(models.Model):
    """The one row that says where the chain ends. Whoever adds an entry locks it first: so entries come one by one."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"
