"""Excel: one sheet per topic, real numbers, nothing that could be taken for a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from xunzhi.reports.messages import Messages
from xunzhi.reports.model import (
    Block,
    Bulletin,
    Bullets,
    Cell,
    Column,
    Definitions,
    Figure,
    Figures,
    Grid,
    Paragraph,
    TableBlock,
)
from xunzhi.reports.render.archive import timeless

TYPEFACE = "等线"
TITLE = Font(name=TYPEFACE, size=14, bold=True, color="14507A")
HEAD = Font(name=TYPEFACE, bold=True, color="14507A")
PLAIN, SOFT, LINKED = Font(name=TYPEFACE), Font(name=TYPEFACE, color="55626D"), Font(name=TYPEFACE, color="14507A", underline="single")
BAND = PatternFill("solid", fgColor="EEF2F5")
EDGE = Border(bottom=Side("thin", color="C9D2D9"))
WARNING = Font(name=TYPEFACE, bold=True, color="B64D00")
TONES = {"concern": "B64D00", "both": "8A5A00", "improvement": "00609A", "neutral": "7B3FA0"}
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
    """The workbook while it is filled; `places` remembers where each indicator's series and definition stand."""

    def __init__(self, book: Workbook, bulletin: Bulletin):
        self.book, self.bulletin = book, bulletin
        self.say = Messages(bulletin.language)
        self.places: dict[str, str] = {}
        self.links: list[tuple[SheetCell, str]] = []

    def fill(self) -> None:
        self.book.properties.title = f"{self.bulletin.title} {self.bulletin.period}"
        self.book.properties.creator = self.bulletin.title
        for section in self.bulletin.sections:
            sheet = self._sheet(section.sheet, section.title)
            for block in section.blocks:
                self._block(sheet, block, section.title)
        self._charts()
        for cell, link in self.links:
            if link in self.places:
                cell.hyperlink = Hyperlink(cell.coordinate, location=self.places[link])
                cell.font = LINKED
        for sheet in self.book.worksheets:
            _fit(sheet)

    def _sheet(self, name: str, title: str) -> Worksheet:
        if name in self.book.sheetnames:
            return self.book[name]
        sheet = self.book.create_sheet(name)
        sheet.sheet_view.showGridLines = False
        _write(sheet, 1, 1, self.bulletin.title + " · " + self.bulletin.period, TITLE, edge=False)
        if len(self.book.sheetnames) == 1:
            for label, text in self.bulletin.imprint[1:]:
                _line(sheet, f"{label}  {text}", SOFT)
            for sentence in self.bulletin.notices:
                _line(sheet, sentence.text, WARNING)
        return sheet

    def _block(self, sheet: Worksheet, block: Block, title: str) -> None:
        if isinstance(block, Paragraph | Bullets):
            sentences = block.sentences if isinstance(block, Paragraph) else block.items
            _heading(sheet, title)
            for sentence in sentences:
                _line(sheet, sentence.text, PLAIN)
        elif isinstance(block, TableBlock):
            self._table(sheet, block.columns, block.rows, block.title or title, block.anchors)
            if block.note:
                _line(sheet, block.note, SOFT)
        elif isinstance(block, Grid):
            self._grid(sheet, block)
        elif isinstance(block, Definitions):
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
            _heading(sheet, title)
        row = _head(sheet, [column.label for column in columns])
        for place, cells in enumerate(rows):
            row += 1
            for column, cell in enumerate(cells, 1):
                self._cell(sheet, row, column, cell)
            if anchors:
                self.places[f"#{anchors[place]}"] = _place(sheet, row)

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        font = Font(name=TYPEFACE, color=TONES[cell.tone]) if cell.tone in TONES else PLAIN
        if cell.value is None:
            written = _write(sheet, row, column, cell.text, font)
        else:
            written = sheet.cell(row, column, cell.value)
            written.font, written.border = font, EDGE
            late = f'"{LATE}"' if cell.text.endswith(LATE) else ""
            written.number_format = "#,##0" + (f".{'0' * cell.places}" if cell.places else "") + late
        if cell.link:
            self.links.append((written, cell.link))

    def _grid(self, sheet: Worksheet, grid: Grid) -> None:
        """The overview: icons as words, so that they can be filtered."""
        heads = [self.say("definition.id"), grid.heads[0], *grid.heads[1:-1], self.say("grid.state")]
        first = _head(sheet, heads)
        row = first
        for area in grid.areas:
            row += 1
            for column in range(1, len(heads) + 1):
                _write(sheet, row, column, area.label if column == 1 else "", HEAD).fill = BAND
            for line in area.rows:
                row += 1
                words = Cell(line.variation.label, tone=line.variation.kind), Cell(line.assurance.label, tone="")
                cells = (line.label, *words, line.value, line.counts, line.target, line.previous, line.year_before)
                state = " ".join(text for text in (line.state, *line.marks) if text)
                for column, cell in enumerate((Cell(line.indicator), *cells, Cell(state)), 1):
                    self._cell(sheet, row, column, cell)
        sheet.freeze_panes = sheet.cell(first + 1, 3)
        for note in grid.notes:
            _line(sheet, note, SOFT)

    def _definitions(self, sheet: Worksheet, block: Definitions) -> None:
        names = list(dict.fromkeys(name for entry in block.entries for name, _, _ in entry.lines))
        row = _head(sheet, [self.say("grid.indicator"), *names])
        for entry in block.entries:
            row += 1
            texts = {name: text for name, text, _ in entry.lines}
            for column, text in enumerate([entry.label, *(texts.get(name, "") for name in names)], 1):
                _write(sheet, row, column, text, PLAIN).alignment = Alignment(wrap_text=True, vertical="top")
            self.places[f"#{entry.id}"] = _place(sheet, row)

    def _charts(self) -> None:
        """The data of every chart, one under the other."""
        figures = [figure for block in self.bulletin.blocks() if isinstance(block, Figures) for figure in block.items]
        if not figures:
            return
        sheet = self._sheet(self.say("sheet.charts"), "")
        for figure in figures:
            self._chart(sheet, figure)

    def _chart(self, sheet: Worksheet, figure: Figure) -> None:
        _heading(sheet, figure.title)
        _line(sheet, figure.summary.text, SOFT)
        self._table(sheet, figure.table.columns, figure.table.rows, "")


def _place(sheet: Worksheet, row: int) -> str:
    name = sheet.title.replace("'", "''")
    return f"'{name}'!A{row}"


def _write(sheet: Worksheet, row: int, column: int, text: str, font: Font, *, edge: bool = True) -> SheetCell:
    """Text as text: what begins like a formula is none. A table's cells have an edge."""
    cell: SheetCell = sheet.cell(row, column)
    cell.value = text or None
    if text:
        cell.data_type = "s"
        cell.style = "Normal"
        cell.quotePrefix = text[0] in "=+-@"
    cell.font = font
    if edge:
        cell.border = EDGE
    return cell


def _line(sheet: Worksheet, text: str, font: Font) -> None:
    """A line of text below what is there; it may run over the columns beside it."""
    _write(sheet, sheet.max_row + 1, 1, text, font, edge=False)


def _heading(sheet: Worksheet, text: str) -> None:
    if text:
        _write(sheet, sheet.max_row + 2, 1, text, HEAD, edge=False)


def _head(sheet: Worksheet, labels: Sequence[str]) -> int:
    """A heading row; the first of a sheet is frozen."""
    row: int = sheet.max_row + 1
    for column, label in enumerate(labels, 1):
        cell = _write(sheet, row, column, label, HEAD)
        cell.fill, cell.alignment = BAND, Alignment(wrap_text=True, vertical="center")
    if sheet.freeze_panes is None:
        sheet.freeze_panes = sheet.cell(row + 1, 2)
    return row


def _fit(sheet: Worksheet) -> None:
    """Columns as wide as their contents; lone lines of text may run over."""
    for column in sheet.iter_cols():
        letter = get_column_letter(column[0].column)
        longest = max((_width(cell) for cell in column if cell.border.bottom.style), default=8)
        sheet.column_dimensions[letter].width = min(WIDEST, longest + 2)


def _width(cell: SheetCell) -> int:
    text = "" if cell.value is None else f"{cell.value:,.2f}" if isinstance(cell.value, float) else str(cell.value)
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
