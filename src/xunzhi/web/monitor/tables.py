"""Tables of many cells as HTML: put together without a template, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

from xunzhi.reports.model import TableBlock

if TYPE_CHECKING:
    from xunzhi.web.monitor.comparing import Ranked

NUMBER = ' class="number"'


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 - every text is escaped where it is put in


def table_html(table: TableBlock) -> SafeString:
    """A table of a bulletin."""
    heads = "".join(
        f'<th scope="col"{NUMBER if column.number else ""}>{escape(column.label)}</th>' for column in table.columns
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{NUMBER if cell.value is not None else ''}>{escape(cell.text)}</td>" for cell in row)
        + "</tr>"
        for row in table.rows
    )
    return _safe(
        f'<div class="table-responsive data"><table class="table table-sm"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def ranking_rows(ranked: Iterable[Ranked], asked: QueryDict, stratum: str, unit: str, numbered: bool) -> SafeString:
    """Units beside each other; those that the visitor may look at lead to their results, `unit` is the one shown.

    Args:
        ranked: the units in order.
        asked: the query string of the page.
        stratum: of the units.
        unit: the one that the page shows.
        numbered: whether their ranks are shown.
    """
    link = asked.copy()
    link["stratum"] = stratum
    return _safe("".join(_ranking_row(row, link, row.code == unit, numbered) for row in ranked))


def _ranking_row(row: Ranked, link: QueryDict, here: bool, numbered: bool) -> str:
    muted = ' class="text-secondary"' if row.rank is None else ""
    current = ' aria-current="true"' if row.code and here else ""
    rank = "" if not numbered else "–" if row.rank is None else str(row.rank)
    name = f'<span class="text-secondary">{escape(row.name)}</span>'
    if row.code:
        link["unit"] = row.code
        name = f'<a href="?{escape(link.urlencode())}">{escape(row.name)}</a>'
    bar = (
        '<svg width="70" height="8" aria-hidden="true"><rect width="70" height="8" rx="2" class="track"/>'
        f'<rect width="{round(row.share / 100 * 70)}" height="8" rx="2" class="bar"/></svg>'
    )
    ranked = row.rank is not None
    interval = escape(row.interval) if ranked else ""
    return (
        f'<tr{muted}{current}><td class="number">{rank}</td><th scope="row">{name}</th>'
        f'<td class="number{" worse" if row.missed else ""}">{escape(row.value)}</td>'
        f'<td class="c-bar">{bar if ranked else ""}</td><td class="number">{interval}</td>'
        f'<td class="number">{escape(row.counts)}</td></tr>'
    )
