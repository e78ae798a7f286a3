"""What addresses and forms ask for in plain text: people, programs and strangers may write anything there."""

from __future__ import annotations

from datetime import date

from django.utils.dateparse import parse_date

LONGEST_NUMBER = 18
"""Digits of a whole number that every database can hold."""

YEARS = range(1900, 2201)
"""Years in which anything here happens; others are slips, and not every calendar and time zone reckons with them."""


def number(text: str) -> int | None:
    """A whole number, such as the id of a row; None if the text is none that a database can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def day(text: str) -> date | None:
    """A day such as 2026-03-02; None if the text is none, or none of these times."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found.year in YEARS else None
