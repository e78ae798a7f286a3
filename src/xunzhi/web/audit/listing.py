"""What of the log is shown: filters from the query string, and pages turned by number.

The log has millions of rows: nothing here counts them, and each page begins below the last number of the one before.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from xunzhi.web.asked import day, number
from xunzhi.web.audit.models import Entry
from xunzhi.web.permissions import Access

PAGE = 50

TEXTS = ("name", "action", "thing", "institution")
"""Columns compared as they are; with * at the end, by their beginning."""


@dataclass(frozen=True)
class Filters:
    """What is asked for; "" asks for everything."""

    name: str = ""
    action: str = ""
    thing: str = ""
    institution: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """Read the query string; days that are none are left out."""
        said = {field.name: query.get(field.name, "").strip() for field in fields(cls)}
        for name in ("since", "until"):
            said[name] = str(day(said[name]) or "")
        return cls(**said)

    def condition(self) -> Q:
        """The same as a condition on entries."""
        condition = Q()
        for column in TEXTS:
            if text := getattr(self, column):
                condition &= _begins(column, text[:-1]) if text.endswith("*") else Q(**{column: text})
        if since := day(self.since):
            condition &= Q(at__gte=_midnight(since))
        if until := day(self.until):
            condition &= Q(at__lt=_midnight(until + timedelta(days=1)))
        return condition

    def said(self) -> dict[str, str]:
        """The filters that are set."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}


def entries(access: Access, filters: Filters) -> QuerySet[Entry]:
    """The entries that a person may read and asks for, newest first."""
    reaches = access.reaches("audit.view")
    shown = Entry.objects.filter(filters.condition()).order_by("-number")
    if any(reach.scope == "everything" for reach in reaches):
        return shown
    return shown.filter(institution__in={reach.institution for reach in reaches})


def page(shown: QuerySet[Entry], before: str) -> tuple[list[Entry], int | None]:
    """The entries below a number ("": from the newest), and the number below which the next page begins."""
    if (below := number(before)) is not None:
        shown = shown.filter(number__lt=below)
    numbers = list(shown.values_list("number", flat=True)[: PAGE + 1])  # an index alone knows them
    found = list(Entry.objects.filter(number__in=numbers[:PAGE]).order_by("-number"))
    return found, numbers[PAGE - 1] if len(numbers) > PAGE else None


def _begins(column: str, text: str) -> Q:
    """That a column begins with a text. SQLite's LIKE reads no index: there it lies between the text and the next."""
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": text, f"{column}__lt": text + chr(sys.maxunicode)})
    return Q(**{f"{column}__startswith": text})


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
