"""Verdicts and small lines in pages, drawn as in the bulletins."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from xunzhi.reports.icons import icon, sparkline
from xunzhi.reports.model import Spark, Verdict
from xunzhi.web.monitor import tables
from xunzhi.web.monitor.words import say
from xunzhi.web.permissions import Access

register = template.Library()


@register.filter
@lru_cache(maxsize=256)
def drawn(verdict: Verdict) -> SafeString:
    """A verdict as an icon that says what it means."""
    svg = icon(verdict).replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return format_html(
        '<span class="verdict" role="img" aria-label="{}" title="{}">{}</span>',
        verdict.label,
        verdict.label,
        mark_safe(svg),  # noqa: S308 - drawn by reports.icons from fixed shapes
    )


@register.filter
def small_line(spark: Spark) -> SafeString:
    """Thirteen months as a small line; the numbers stand on the indicator's page."""
    svg = sparkline(spark).replace(' xmlns="http://www.w3.org/2000/svg"', ' aria-hidden="true"')
    return mark_safe(svg)  # noqa: S308 - drawn by reports.icons from numbers


@register.filter
def as_period(period: str) -> str:
    """A period as people write it: 2026年9月, September 2026."""
    return say().period(period)


@register.filter
def may_open(access: Access, permission: str) -> bool:
    """Whether the reader has a permission anywhere."""
    return access.may_somewhere(permission)


@register.filter
def verdict_word(kind: str) -> str:
    """A kind of verdict in words."""
    return say()(f"verdict.{kind}")


register.filter("table_html", tables.table_html)
