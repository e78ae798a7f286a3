"""What addresses and forms ask for in plain text: people, programs and strangers may write anything there."""

from __future__ import annotations

from datetime import date

from django.utils.dateparse import parse_date

LONGEST_NUMBER = 18
"""Digits of a whole number that every database can hold."""

YEARS = range(2, 9999)
"""Years whose days have a day before and after in every time zone."""


def number(text: str) -> int | None:
    """A whole number, such as the id of a row; None if the text is none that a database can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def day(text: str) -> date | None:
    """A day such as 2026-03-02; None if the text is none that can be reckoned with."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found.year in YEARS else None
