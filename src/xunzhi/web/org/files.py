"""Tables of units, people and posts as files: templates to fill in, and what people send back."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from xunzhi.web.sheets import workbook

MOST_ROWS = 50_000
MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 60 * 1024 * 1024
"""Bytes of an Excel file once it is unpacked: more is no table of people."""

MOST_BESIDE = 20 * 1024 * 1024
"""Bytes of its texts and styles: they are read at once, and take many times their size."""

REMARKS = {"行号", "line", "拒绝原因", "why it was refused"}
"""Headings that the file of refused rows adds; they are passed over when it comes back."""

ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in code, and its headings."""

    name: str
    zh: str
    en: str
    required: bool = False
    example: str = ""

    def known_as(self, heading: str) -> bool:
        """Whether a heading means this column."""
        plain = heading.strip().rstrip("*＊").strip().lower()
        return plain in (self.name, self.zh.lower(), self.en.lower())


@dataclass(frozen=True)
class Row:
    """A row of a file: the line on which it stands, and its cells by column."""

    line: int
    cells: dict[str, str]


COLUMNS: dict[str, tuple[Column, ...]] = {
    "units": (
        Column("institution", "机构代码", "Institution", True, "H001"),
        Column("kind", "类型", "Kind", True, "科室"),
        Column("code", "单位代码", "Code", True, "0301"),
        Column("name", "名称", "Name", True, "心血管内科"),
        Column("name_en", "英文名称", "English name", example="Cardiology"),
        Column("parent", "上级代码", "Parent code", example="H001"),
        Column("owner_key", "指标归口", "Owner of indicators"),
        Column("since", "启用日期", "Since", example="2015-01-01"),
        Column("until", "停用日期", "Until"),
    ),
    "people": (
        Column("institution", "机构代码", "Institution", True, "H001"),
        Column("code", "工号", "Staff number", True, "S00001"),
        Column("name", "姓名", "Name", True, "王静"),
        Column("unit", "所在单位代码", "Unit code", True, "0301"),
        Column("title", "职称", "Title", example="副主任医师"),
        Column("category", "人员类别", "Category", example="医师"),
        Column("licence_level", "执业级别", "Licence level"),
        Column("email", "邮箱", "Mail"),
        Column("since", "入职日期", "Since", example="2018-07-01"),
        Column("until", "离职日期", "Until"),
    ),
    "posts": (
        Column("institution", "机构代码", "Institution", True, "H001"),
        Column("person", "工号", "Staff number", True, "S00001"),
        Column("unit", "任职单位代码", "Unit code", True, "0301"),
        Column("duty", "职务", "Duty", True, "科主任"),
        Column("duties", "职责", "Responsibilities"),
        Column("since", "任期开始", "Term begins", True, "2024-01-01"),
        Column("until", "任期结束", "Term ends", example="2026-12-31"),
    ),
}


def read(kind: str, name: str, content: bytes) -> list[Row]:
    """The rows of an .xlsx or .csv file (UTF-8 or GB18030); empty lines are left out.

    Raises:
        ValidationError: if it is neither, columns are missing or unknown, or it is empty or too long.
    """
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than 10 MB; divide it."))
    lines = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    numbered = [(number, cells) for number, cells in enumerate(lines, start=1) if any(cells)]
    if len(numbered) < 2:
        raise ValidationError(_("%(name)s holds no rows below its headings.") % {"name": name})
    if len(numbered) > MOST_ROWS:
        raise ValidationError(_("More than %(most)d rows; divide the file.") % {"most": MOST_ROWS})
    places = _places(kind, numbered[0][1])
    return [
        Row(number, {column: cells[at] if at < len(cells) else "" for column, at in places.items()})
        for number, cells in numbered[1:]
    ]


def _places(kind: str, headings: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    strange = []
    for at, heading in enumerate(headings):
        column = next((column for column in COLUMNS[kind] if column.known_as(heading)), None)
        if column:
            found[column.name] = at
        elif heading and heading not in REMARKS:
            strange.append(heading)
    missing = [f"{column.zh} / {column.en}" for column in COLUMNS[kind] if column.required and column.name not in found]
    if missing:
        raise ValidationError(
            _("Columns are missing: %(missing)s. Found: %(found)s. Download the template to see the headings.")
            % {"missing": "; ".join(missing), "found": "; ".join(filter(None, headings))}
        )
    if strange:
        raise ValidationError(
            _("Unknown columns: %(strange)s. Remove them or name them as in the template.")
            % {"strange": "; ".join(strange)}
        )
    return found


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        _refuse_bombs(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_cell(value) for value in row]
    except ValidationError:
        raise
    except Exception as error:  # openpyxl raises what zip and XML raise, also in the middle of a sheet
        raise ValidationError(_("This Excel file can't be read; save it again as .xlsx.")) from error


def _refuse_bombs(content: bytes) -> None:
    """Refuse files of few bytes that unpack to many.

    Raises:
        ValidationError: if it is one.
    """
    with ZipFile(BytesIO(content)) as file:
        parts = file.infolist()
    beside = [part for part in parts if not part.filename.startswith("xl/worksheets/")]
    for found, most in ((parts, MOST_UNPACKED), (beside, MOST_BESIDE)):
        if sum(part.file_size for part in found) > most:
            raise ValidationError(
                _("The file unpacks to more than %(most)d MB; divide it.") % {"most": most // 1024**2}
            )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValidationError(_("This is neither an .xlsx file nor a CSV file in UTF-8 or GB18030."))
    if "\0" in text:
        raise ValidationError(_("This is neither an .xlsx file nor a CSV file in UTF-8 or GB18030."))
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in rows:
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise ValidationError(
            _("Line %(line)d can't be read: look for a quotation mark that is not closed.") % {"line": rows.line_num}
        ) from error


def day(text: str) -> date | None:
    """A date as people write it: 2025-03-01, 2025/3/1, 2025.3.1, 20250301, 2025年3月1日; None if empty.

    Raises:
        ValidationError: if it is none.
    """
    if not text:
        return None
    parts = re.findall(r"\d+", text.split(" ", maxsplit=1)[0])
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    try:
        year, month, number = map(int, parts)
        return date(year, month, number)
    except ValueError:
        raise ValidationError(_("%(text)s is no date; write it as 2025-03-01.") % {"text": text}) from None


def template(kind: str, english: bool) -> bytes:
    """An Excel file with the headings of a table (a star marks what must be filled in) and an example."""
    columns = COLUMNS[kind]
    headings = [(column.en if english else column.zh) + ("*" if column.required else "") for column in columns]
    return workbook(headings, [[column.example for column in columns]], kind)
