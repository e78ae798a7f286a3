"""Lines of the overview as rows of its table: hundreds stand on a page, so no template puts them together."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe

from xunzhi.web.monitor.overview import Line
from xunzhi.web.monitor.templatetags.results import drawn, small_line
from xunzhi.web.monitor.words import language, say


def table_rows(lines: Iterable[Line], beside: bool) -> list[SafeString]:
    """The rows of some lines in the reader's language; `beside` adds the value of the whole hospital."""
    spoken, texts = language(), say()
    return [_row(line, beside, line.indicator.label(spoken), texts.unit(line.indicator.unit)) for line in lines]


def _row(line: Line, beside: bool, name: str, unit: str) -> SafeString:
    row = line.row
    marks = "".join(f"<sup>{escape(mark)}</sup>" for mark in row.marks)
    hospital = f'<td class="number c-beside">{escape(line.hospital)}</td>' if beside else ""
    html = (
        f'<tr><th scope="row"><a href="{escape(line.link)}">{escape(name)}</a>{marks}</th>'
        f'<td class="number val{" worse" if line.missed else ""}">{_value(line, unit)}</td>'
        f'<td class="number c-counts">{escape(row.counts.text)}</td>{hospital}'
        f'<td class="number c-target">{escape(row.target.text)}</td>'
        f'<td class="c-icons">{drawn(row.variation)}{drawn(row.assurance)}</td>'
        f'<td class="c-spark">{small_line(row.spark)}</td>'
        f'<td class="number c-change">{escape(line.change)}</td>'
        f'<td class="number c-change">{escape(line.year_change)}</td></tr>'
    )
    return mark_safe(html)  # noqa: S308 - every text is escaped above


def _value(line: Line, unit: str) -> str:
    row = line.row
    if row.value.value is None:
        return f'<small class="text-secondary">{escape(row.value.text)}</small>'
    late = f'<i class="late" title="{escape(row.state)}">*</i>' if row.state else ""
    return f"{escape(row.value.text)}<small> {escape(unit)}</small>{late}"
