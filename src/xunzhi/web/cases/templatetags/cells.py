"""The cells of lists and boards: hundreds on a page, so they are put together here and not by a template each."""

from __future__ import annotations

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xunzhi.web.cases.listing import Cell, Row
from xunzhi.web.cases.models import Case
from xunzhi.web.tags import icon

register = template.Library()

COLOURS = {Case.Stage.DONE: "green", Case.Stage.WAITING: "azure"}
HIDDEN = ("confidential", "secret")
DAYS = ("due_at", "opened_at", "closed_at", "entered_state_at")


@register.simple_tag
def cell(row: Row, one: Cell) -> SafeString | str:
    """What stands in a cell: a link, a coloured state, a day, or a text."""
    match one.column:
        case "number":
            return format_html('<a href="{}" class="case-number">{}</a>', row.case.get_absolute_url(), one.text)
        case "title":
            return _title(row.case, one.text)
        case "state":
            colour = COLOURS.get(Case.Stage(row.case.stage), "orange")
            return format_html('<span class="status status-{}">{}</span>', colour, one.text)
        case column if column in DAYS and one.value:
            return _day(row, one)
        case _:
            return one.text


def _title(case: Case, text: str) -> SafeString:
    link = format_html('<a href="{}" class="case-title text-reset">{}</a>', case.get_absolute_url(), text)
    if case.secrecy not in HIDDEN:
        return link
    lock = icon("lock", "icon-sm text-secondary")
    return format_html('{} <span title="{}">{}</span>', link, case.get_secrecy_display(), lock)


def _day(row: Row, one: Cell) -> SafeString:
    day = formats.date_format(timezone.localtime(one.value), "Y-m-d")
    if one.column != "due_at" or not row.overdue:
        return format_html('<span class="text-nowrap">{}</span>', day)
    said = _("Overdue")
    return format_html(
        '<span class="text-nowrap text-danger fw-bold" title="{}">{} <span class="visually-hidden">{}</span>{}</span>',
        said, icon("alert-circle", "icon-sm"), said, day,
    )  # fmt: skip
