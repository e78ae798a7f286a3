"""Files to take away: workbooks in the look of the bulletins, CSV, pictures of charts. Every export is recorded."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from xunzhi.reports.drawing import png, svg_of
from xunzhi.reports.model import Block, Bulletin, Figure, Section, TableBlock
from xunzhi.reports.notes import notices
from xunzhi.reports.render import RENDERERS
from xunzhi.web.audit.services import record
from xunzhi.web.monitor.words import language, say
from xunzhi.web.sheets import EXCEL

if TYPE_CHECKING:
    from xunzhi.web.monitor.views.common import Results

TYPES = {
    "xlsx": EXCEL,
    "csv": "text/csv; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def workbook(request: HttpRequest, results: Results, block: Block, unit: str = "", title: str = "") -> HttpResponse:
    """A block of a bulletin as an Excel workbook, with from when its numbers are on top."""
    texts, source = say(), results.source
    heading = title or _("Quality overview")
    where = source.name_of(unit) if unit else results.institution_name
    bulletin = Bulletin(
        id=heading,
        language=language(),
        title=f"{where} · {heading}",
        scope=where,
        period=results.period_name,
        imprint=(
            ("", ""),
            (texts("imprint.as_of"), results.age.as_of),
            (texts("imprint.lake_version"), str(results.model.state.lake_version)),
        ),
        as_of=date.fromisoformat(results.age.as_of),
        notices=notices(source, texts),
        sections=(Section("content", heading, (block,), sheet=heading[:31]),),
        footer="",
    )
    content = RENDERERS["xlsx"](bulletin)
    return sent(request, results, content, f"{heading}-{unit or results.institution}-{results.period}", "xlsx")


def table_csv(table: TableBlock) -> bytes:
    """A table as CSV that Excel opens as it is: real numbers, nothing that could be taken for a formula."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow([column.label for column in table.columns])
    for row in table.rows:
        writer.writerow([_safe(cell.text) if cell.value is None else cell.value for cell in row])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and len(text) > 1 else text


def picture(figure: Figure, suffix: str) -> bytes:
    """A chart as SVG or PNG, as in print."""
    drawn = svg_of(figure)
    return png(drawn) if suffix == "png" else drawn.encode()


def sent(request: HttpRequest, results: Results, content: bytes, name: str, suffix: str) -> HttpResponse:
    """A file for the visitor; the export is recorded."""
    thing = f"{name}.{suffix}"
    record(request, "export", f"results {thing}"[:200], institution=results.institution)
    response = HttpResponse(content, content_type=TYPES[suffix])
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(thing)}"
    return response
