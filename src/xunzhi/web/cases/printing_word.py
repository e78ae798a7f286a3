"""A case as a Word document: one native table, made to be filled in further and signed."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.sax.saxutils import quoteattr

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm, Pt, RGBColor

from xunzhi.reports.render.archive import timeless
from xunzhi.reports.render.word_xml import typeface
from xunzhi.web.cases.printing import Entry, Section, Sheet
from xunzhi.web.sheets import plain

SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
SOFT = RGBColor(0x55, 0x62, 0x6D)
BAND = "F2F5F7"
WIDTHS = (28, 57, 28, 57)
"""Millimetres: label and text, twice."""

_MARK = (
    "<w:r {names} xmlns:v='urn:schemas-microsoft-com:vml' xmlns:o='urn:schemas-microsoft-com:office:office'><w:pict>"
    "<v:shapetype id='_x0000_t136' coordsize='21600,21600' o:spt='136' adj='10800' path='m@7,l@8,m@5,21600l@6,21600e'>"
    "<v:textpath on='t' fitshape='t'/></v:shapetype><v:shape id='watermark' o:spid='watermark' type='#_x0000_t136' "
    "style='position:absolute;width:420pt;height:36pt;rotation:332;z-index:-1;mso-position-horizontal:center;"
    "mso-position-horizontal-relative:margin;mso-position-vertical:center;mso-position-vertical-relative:margin' "
    "fillcolor='#d9dee2' stroked='f'><v:textpath style='font-family:黑体' string={text}/></v:shape></w:pict></w:r>"
)


def as_word(sheet: Sheet) -> bytes:
    """The sheet as a Word document, A4."""
    document = Document()
    _set_up(document, sheet)
    if sheet.institution:
        _line(document, sheet.institution, 11, HEI, centred=True)
    _line(document, sheet.title, 17, HEI, centred=True, bold=True)
    _line(document, f"{sheet.subtitle}　　{sheet.number}", 10.5, SONG)
    if sheet.opening:
        _line(document, sheet.opening, 11, SONG)
    table = document.add_table(rows=0, cols=4)
    table.style, table.autofit = "Table Grid", False
    for section in sheet.sections:
        _section(table, section)
    for column, width in zip(table.columns, WIDTHS, strict=True):
        column.width = Mm(width)
    _signatures(document, sheet)
    if sheet.log:
        _line(document, sheet.texts["log"], 10, HEI, bold=True)
        for entry in sheet.log:
            _line(document, f"{entry.at}　{entry.who}　{entry.what}", 9, SONG)
    written = BytesIO()
    document.save(written)
    return timeless(written.getvalue(), sheet.made)


def _set_up(document: Any, sheet: Sheet) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    normal = document.styles["Normal"]
    normal.font.size, normal.paragraph_format.space_after = Pt(10.5), Pt(3)
    typeface(normal.element.get_or_add_rPr(), LATIN, SONG)
    document.core_properties.title = f"{sheet.title} {sheet.number}"
    document.core_properties.author = sheet.institution
    footer = section.footer.paragraphs[0]
    _run(footer, sheet.footer, 7.5, HEI).font.color.rgb = SOFT
    if sheet.watermark:
        header = section.header.paragraphs[0].paragraph_format.element
        header.append(parse_xml(_MARK.format(names=nsdecls("w"), text=quoteattr(plain(sheet.watermark)))))


def _section(table: Any, section: Section) -> None:
    head = table.add_row().cells
    merged = head[0].merge(head[3])
    _fill(merged, section.title, 10, HEI, bold=True)
    merged._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="{BAND}"/>'))  # noqa: SLF001
    half: list[Entry] = []
    for entry in section.lines:
        if not entry.wide:
            half.append(entry)
        if len(half) == 2 or (entry.wide and half):
            _pair(table, half)
            half = []
        if entry.wide:
            _wide(table, entry)
    if half:
        _pair(table, half)


def _pair(table: Any, entries: list[Entry]) -> None:
    cells = table.add_row().cells
    for index, entry in enumerate(entries):
        _fill(cells[2 * index], entry.label, 9, HEI, soft=True)
        _fill(cells[2 * index + 1], entry.text, 10.5, SONG)
    if len(entries) == 1:
        cells[2].merge(cells[3])


def _wide(table: Any, entry: Entry) -> None:
    cells = table.add_row().cells
    _fill(cells[0], entry.label, 9, HEI, soft=True)
    place = cells[1].merge(cells[3])
    _fill(place, entry.text, 10.5, SONG)
    if not entry.rows:
        return
    inner = place.add_table(rows=1, cols=len(entry.head))
    inner.style = "Table Grid"
    for cell, label in zip(inner.rows[0].cells, entry.head, strict=True):
        _fill(cell, label, 8.5, HEI, soft=True)
    for row in entry.rows:
        for cell, text in zip(inner.add_row().cells, row, strict=True):
            _fill(cell, text, 9, SONG)
    place.add_paragraph()


def _signatures(document: Any, sheet: Sheet) -> None:
    document.add_paragraph()
    for line in sheet.signatures:
        date = line.date or sheet.texts["date"]
        _line(document, f"{line.label}{line.signed or '＿' * 10}　　{date}", 10.5, SONG)


def _line(document: Any, text: str, size: float, face: str, *, centred: bool = False, bold: bool = False) -> None:
    paragraph = document.add_paragraph()
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, text, size, face).font.bold = bold


def _fill(cell: Any, text: str, size: float, face: str, *, soft: bool = False, bold: bool = False) -> None:
    run = _run(cell.paragraphs[0], text, size, face)
    run.font.bold = bold
    if soft:
        run.font.color.rgb = SOFT


def _run(paragraph: Any, text: str, size: float, face: str) -> Any:
    run = paragraph.add_run(plain(text))
    run.font.size = Pt(size)
    typeface(run._element.get_or_add_rPr(), LATIN, face)  # noqa: SLF001
    return run
