"""Periods as text: '2026-09' is a month, '2026Q3' a quarter, '2026' a year."""

from __future__ import annotations

MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}

PERIOD_KINDS = ("month", "quarter", "year")


def period_of(month: str, kind: str) -> str:
    """The quarter ('2026Q3') or year ('2026') of a month ('2026-09'); the month itself for 'month'."""
    if kind == "month":
        return month
    year, number = month.split("-")
    return year if kind == "year" else f"{year}Q{(int(number) + 2) // 3}"


def kind_of(period: str) -> str:
    """'month' for '2026-09', 'quarter' for '2026Q3', 'year' for '2026'."""
    return "quarter" if "Q" in period else "month" if "-" in period else "year"


def months_in(period: str) -> tuple[str, str]:
    """First and last month of a period."""
    kind = kind_of(period)
    if kind == "month":
        return period, period
    year, quarter = period[:4], int(period[-1])
    return (
        (f"{year}-{quarter * 3 - 2:02d}", f"{year}-{quarter * 3:02d}")
        if kind == "quarter"
        else (f"{year}-01", f"{year}-12")
    )


def shifted(period: str, months: int) -> str:
    """The period so many months later, of the same kind."""
    first, _ = months_in(period)
    number = int(first[:4]) * 12 + int(first[5:]) - 1 + months
    year, month = divmod(number, 12)
    kind = kind_of(period)
    if kind == "month":
        return f"{year}-{month + 1:02d}"
    return f"{year}Q{month // 3 + 1}" if kind == "quarter" else str(year)
