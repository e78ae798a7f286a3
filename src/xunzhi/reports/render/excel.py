"""Excel: one sheet per topic, real numbers, nothing that could be taken for a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from xunzhi.reports.messages import Messages
from xunzhi.reports.model import (
    Block,
    Bulletin,
    Bullets,
    Cell,
    Column,
    Definitions,
    Figures,
    Grid,
    Paragraph,
    TableBlock,
)
from xunzhi.reports.render.archive import timeless

TYPEFACE, INK, ACCENT = "等线", "1D2730", "14507A"
BAND = PatternFill("solid", fgColor="EEF2F5")
EDGE = Border(bottom=Side("thin", color="C9D2D9"))
COLOURS = {"soft": "55626D", "warning": "B64D00", "head": ACCENT, "area": ACCENT, "title": ACCENT, "heading": ACCENT}
COLOURS |= {"concern": "B64D00", "both": "8A5A00", "improvement": "00609A", "neutral": "7B3FA0", "link": ACCENT}
BOLD = ("title", "heading", "head", "area", "warning")
LINES = ("title", "heading", "line", "soft", "warning")
"""Looks of lines of text, which may run over the columns beside them; all others are cells of tables."""

TONES = ("concern", "both", "improvement", "neutral")
WIDEST = 60
LATE = "*"


def render(bulletin: Bulletin) -> bytes:
    """The bulletin as a workbook."""
    book = Workbook()
    book.remove(book.active)
    _Book(book, bulletin).fill()
    written = BytesIO()
    book.save(written)
    return timeless(written.getvalue(), bulletin.as_of)


class _Book:
    """The workbook while it is filled.

    `places` remembers where each indicator's series and definition stand, `widths` what each column needs. Looks are
    named styles: quick to apply, and one place to change them in Excel.
    """

    def __init__(self, book: Workbook, bulletin: Bulletin):
        self.book, self.bulletin = book, bulletin
        self.say = Messages(bulletin.language)
        self.places: dict[str, str] = {}
        self.links: list[tuple[SheetCell, str]] = []
        self.widths: dict[tuple[str, int], int] = {}

    def fill(self) -> None:
        self.book.properties.title = f"{self.bulletin.title} {self.bulletin.period}"
        self.book.properties.creator = self.bulletin.title
        for section in self.bulletin.sections:
            sheet = self._sheet(section.sheet)
            for block in section.blocks:
                self._block(sheet, block, section.title)
        self._charts()
        for cell, link in self.links:
            if link in self.places:
                cell.hyperlink = Hyperlink(cell.coordinate, location=self.places[link])
        for (name, column), width in self.widths.items():
            self.book[name].column_dimensions[get_column_letter(column)].width = min(WIDEST, width + 2)

    def _sheet(self, name: str) -> Worksheet:
        if name in self.book.sheetnames:
            return self.book[name]
        sheet = self.book.create_sheet(name)
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
        sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr = 0, PageSetupProperties(fitToPage=True)
        self._write(sheet, 1, 1, self.bulletin.title + " · " + self.bulletin.period, "title")
        if len(self.book.sheetnames) == 1:
            for label, text in self.bulletin.imprint[1:]:
                self._line(sheet, f"{label}  {text}", "soft")
            for sentence in self.bulletin.notices:
                self._line(sheet, sentence.text, "warning")
        return sheet

    def _block(self, sheet: Worksheet, block: Block, title: str) -> None:
        if isinstance(block, Paragraph | Bullets):
            for sentence in block.sentences if isinstance(block, Paragraph) else block.items:
                self._line(sheet, sentence.text, "line")
        elif isinstance(block, Figures):
            self._heading(sheet, title)
            for figure in block.items:
                self._line(sheet, figure.caption.text, "line")
        elif isinstance(block, TableBlock):
            self._table(sheet, block.columns, block.rows, block.title or title, block.anchors)
            if block.note:
                self._line(sheet, block.note, "soft")
        elif isinstance(block, Grid):
            self._grid(sheet, block)
        else:
            self._definitions(sheet, block)

    def _table(
        self,
        sheet: Worksheet,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Cell]],
        title: str,
        anchors: Sequence[str] = (),
    ) -> None:
        if sheet.max_row > 1:
            self._heading(sheet, title)
        row = self._head(sheet, [column.label for column in columns])
        for place, cells in enumerate(rows):
            row += 1
            for column, cell in enumerate(cells, 1):
                self._cell(sheet, row, column, cell)
            if anchors:
                self.places[f"#{anchors[place]}"] = _place(sheet, row)

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        look = cell.tone if cell.tone in TONES else "link" if cell.link else "cell"
        if cell.value is None:
            written = self._write(sheet, row, column, cell.text, look)
        else:
            written = sheet.cell(row, column, cell.value)
            late = f'"{LATE}"' if cell.text.endswith(LATE) else ""
            written.style = self._style(look, "#,##0" + (f".{'0' * cell.places}" if cell.places else "") + late)
            self._widen(sheet, column, cell.text)
        if cell.link and written.value is not None:
            self.links.append((written, cell.link))

    def _grid(self, sheet: Worksheet, grid: Grid) -> None:
        """The overview: icons as words, so that they can be filtered."""
        heads = [self.say("definition.id"), *grid.heads[:-1], self.say("grid.state")]
        row = first = self._head(sheet, heads)
        for area in grid.areas:
            row += 1
            for column in range(1, len(heads) + 1):
                self._write(sheet, row, column, area.label if column == 1 else "", "area")
            for line in area.rows:
                row += 1
                verdicts = Cell(line.variation.label, tone=line.variation.kind), Cell(line.assurance.label)
                numbers = (line.value, line.counts, line.target, line.previous, line.year_before)
                state = " ".join(text for text in (line.state, *line.marks) if text)
                cells = (Cell(line.indicator), line.label, *verdicts, *numbers, Cell(state))
                for column, cell in enumerate(cells, 1):
                    self._cell(sheet, row, column, cell)
        sheet.freeze_panes = sheet.cell(first + 1, 3)
        for note in grid.notes:
            self._line(sheet, note, "soft")

    def _definitions(self, sheet: Worksheet, block: Definitions) -> None:
        names = list(dict.fromkeys(name for entry in block.entries for name, _, _ in entry.lines))
        row = self._head(sheet, [self.say("grid.indicator"), *names])
        for entry in block.entries:
            row += 1
            texts = {name: text for name, text, _ in entry.lines}
            for column, text in enumerate([entry.label, *(texts.get(name, "") for name in names)], 1):
                self._write(sheet, row, column, text, "wrapped")
            self.places[f"#{entry.id}"] = _place(sheet, row)

    def _charts(self) -> None:
        """The data of every chart, one under the other."""
        figures = [figure for block in self.bulletin.blocks() if isinstance(block, Figures) for figure in block.items]
        for figure in figures:
            sheet = self._sheet(self.say("sheet.charts"))
            self._heading(sheet, figure.title)
            self._line(sheet, figure.summary.text, "soft")
            self._table(sheet, figure.table.columns, figure.table.rows, "")

    def _head(self, sheet: Worksheet, labels: Sequence[str]) -> int:
        """A heading row; the first of a sheet is frozen."""
        row: int = sheet.max_row + 1
        for column, label in enumerate(labels, 1):
            self._write(sheet, row, column, label, "head")
        if sheet.freeze_panes is None:
            sheet.freeze_panes = sheet.cell(row + 1, 2)
        return row

    def _heading(self, sheet: Worksheet, text: str) -> None:
        if text:
            self._write(sheet, sheet.max_row + 2, 1, text, "heading")

    def _line(self, sheet: Worksheet, text: str, look: str) -> None:
        self._write(sheet, sheet.max_row + 1, 1, text, look)

    def _write(self, sheet: Worksheet, row: int, column: int, text: str, look: str) -> SheetCell:
        """Text as text: what begins like a formula is none."""
        cell: SheetCell = sheet.cell(row, column, text or None)
        cell.style = self._style(look)
        if text:
            cell.data_type = "s"
            if text[0] in "=+-@":
                cell.quotePrefix = True
        if look not in LINES:
            self._widen(sheet, column, text)
        return cell

    def _widen(self, sheet: Worksheet, column: int, text: str) -> None:
        needed = sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
        place = sheet.title, column
        self.widths[place] = max(self.widths.get(place, 8), needed)

    def _style(self, look: str, numbers: str = "General") -> str:
        """The named style of a look; made when first wanted."""
        name = f"xz {look}" if numbers == "General" else f"xz {look} {numbers}"
        if name not in self.book.named_styles:
            font = Font(
                name=TYPEFACE,
                size=14 if look == "title" else 11,
                bold=look in BOLD,
                color=COLOURS.get(look, INK),
                underline="single" if look == "link" else None,
            )
            style = NamedStyle(name, font=font, number_format=numbers)
            style.border = Border() if look in LINES else EDGE
            style.fill = BAND if look in ("head", "area") else PatternFill()
            wraps = look in ("head", "wrapped")
            style.alignment = Alignment(wrap_text=wraps or None, vertical="top" if look == "wrapped" else "center")
            self.book.add_named_style(style)
        return name


def _place(sheet: Worksheet, row: int) -> str:
    name = sheet.title.replace("'", "''")
    return f"'{name}'!A{row}"
