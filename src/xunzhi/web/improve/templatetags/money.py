"""Amounts of money in pages."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def yuan(amount: float | None) -> str:
    """Whole yuan in groups of three, in either language; a dash where there is no amount."""
    return "–" if amount is None else f"{amount:,.0f}"
