"""What lists and boards have by the hundred (cells, cards) is put together here: templates take longer.

Whatever comes from a case is escaped on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from xunzhi.web.cases.listing import SORTED_BY, Listing
from xunzhi.web.cases.models import SECRECIES, Case, address_of
from xunzhi.web.cases.rows import Cell, Record, Row, label_of
from xunzhi.web.tags import icon

register = template.Library()

COLOURS = {Case.Stage.DONE.value: "green", Case.Stage.WAITING.value: "azure"}
HIDDEN = ("confidential", "secret")


@register.simple_tag
def heads(listing: Listing) -> SafeString:
    """The headings of the table of a list; most of them sort it."""
    return _html(_head(listing, column) for column in listing.form.listing.columns)


def _head(listing: Listing, column: str) -> str:
    label = escape(label_of(listing.form, column))
    if column not in SORTED_BY:
        return f"<th>{label}</th>"
    said, mark, then = "none", "", column
    if listing.sort == column:
        said, mark, then = "ascending", " asc", f"-{column}"
    elif listing.sort == f"-{column}":
        said, mark = "descending", " desc"
    address = escape(f"?{listing.link(sort=then)}")
    return f'<th aria-sort="{said}"><a class="table-sort{mark}" href="{address}">{label}</a></th>'


@register.simple_tag
def lines(rows: Iterable[Row]) -> SafeString:
    """Cases as rows of the table of a list."""
    choose = escape(_("Choose"))
    return _html(_line(row, choose) for row in rows)


def _line(row: Row, choose: str) -> str:
    record, late = row.record, ' class="case-late"' if row.late else ""
    cells = "".join([f'<td class="cell-{one.column}">{_cell(row, one)}</td>' for one in row.cells])
    return (
        f'<tr{late}><td><input class="form-check-input" type="checkbox" name="case"'
        f' value="{record["pk"]}:{record["version"]}" form="bulk"'
        f' aria-label="{choose} {escape(record["number"])}"></td>{cells}</tr>\n'
    )


@register.simple_tag
def cards(rows: Iterable[Row]) -> SafeString:
    """Cases as cards of a column of a board, with the menu of their next steps."""
    move, dots = escape(_("Move")), icon("dots")
    return _html(_card(row, move, dots) for row in rows)


def _card(row: Row, move: str, dots: str) -> str:
    record, late = row.record, " case-late" if row.late else ""
    number, address = escape(record["number"]), address_of(record["pk"])
    facts = "".join([f"<span>{_cell(row, one)}</span>" for one in row.cells if one.text])
    return (
        f'<article class="card card-sm board-card{late}"><div class="card-body">'
        f'<div class="d-flex"><span class="text-secondary small flex-fill">{number}</span>'
        '<div class="dropdown board-menu"><button type="button" class="btn btn-icon btn-sm btn-ghost-secondary"'
        f' data-bs-toggle="dropdown" aria-expanded="false" aria-label="{move} {number}" hx-get="{address}/steps"'
        f' hx-target="next .dropdown-menu" hx-trigger="click once">{dots}</button>'
        '<div class="dropdown-menu dropdown-menu-end"><span class="dropdown-item disabled">…</span></div></div></div>'
        f'<a class="text-reset board-title stretched-link" href="{address}">{escape(record["title"])}</a>'
        f'<div class="board-facts">{facts}</div></div></article>\n'
    )


def _cell(row: Row, one: Cell) -> str:
    """What stands in a cell: a link, a coloured state, a day, or a text."""
    match one.column:
        case "number":
            return f'<a href="{address_of(row.record["pk"])}" class="case-number">{escape(one.text)}</a>'
        case "title":
            return _title(row.record, one.text)
        case "state":
            colour = COLOURS.get(row.record["stage"], "orange")
            return f'<span class="status status-{colour}">{escape(one.text)}</span>'
        case "due_at" | "opened_at" | "closed_at" | "entered_state_at" if one.text:
            return _day(one.text, late=row.late and one.column == "due_at")
        case _:
            return escape(one.text)


def _title(record: Record, text: str) -> str:
    link = f'<a href="{address_of(record["pk"])}" class="case-title text-reset">{escape(text)}</a>'
    if record["secrecy"] not in HIDDEN:
        return link
    lock = icon("lock", "icon-sm text-secondary")
    return f'{link} <span title="{escape(str(dict(SECRECIES)[record["secrecy"]]))}">{lock}</span>'


def _day(day: str, *, late: bool) -> str:
    if not late:
        return f'<span class="text-nowrap">{day}</span>'
    said = escape(_("Overdue"))
    return (
        f'<span class="text-nowrap text-danger fw-bold" title="{said}">{icon("alert-circle", "icon-sm")}'
        f' <span class="visually-hidden">{said}</span>{day}</span>'
    )


def _html(parts: Any) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308  each text was escaped above
