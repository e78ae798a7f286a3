"""Lists as Excel files: real dates and numbers, nothing that could be taken for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

LONGEST = 32_767
"""Characters that a cell of Excel holds."""

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def workbook(head: Sequence[str], lines: Iterable[Sequence[Any]], title: str, note: str = "") -> bytes:
    """An Excel file with one sheet; texts stay texts whatever they begin with.

    Args:
        head: the headings.
        lines: the rows: text, numbers, dates, times, None.
        title: name of the sheet.
        note: a line below the table, such as who exported it when and why.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
    sheet.freeze_panes = "B2"
    for index, label in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(index)].width = min(40, 12 + 2 * len(label))
    sheet.append([_cell(sheet, label, bold=True) for label in head])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])
    if note:
        sheet.append([])
        sheet.append([_cell(sheet, note)])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def spreadsheet(content: bytes, name: str) -> HttpResponse:
    """An Excel file to download, by its name without ending."""
    return HttpResponse(
        content, content_type=EXCEL, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    )


def plain(text: str) -> str:
    """A text without the control characters that XML can't hold."""
    return _FORBIDDEN.sub("", text)


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, timezone.make_naive(value) if timezone.is_aware(value) else value)
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    if value is None or isinstance(value, int | float):
        return value
    text = plain(str(value))[:LONGEST]
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell
