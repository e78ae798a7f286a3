"""Word: real headings, native tables, captions, contents; made to be edited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt, RGBColor

from xunzhi.reports.drawing import png, png_of, svg_of
from xunzhi.reports.icons import icon, sparkline
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
    GridRow,
    Paragraph,
    Section,
    TableBlock,
)
from xunzhi.reports.render.archive import timeless
from xunzhi.reports.render.word_xml import (
    BAND,
    Pictures,
    Text,
    bookmark,
    contents,
    field,
    node,
    parsed,
    table,
    typeface,
)

SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
ACCENT, SOFT = RGBColor(0x14, 0x50, 0x7A), RGBColor(0x55, 0x62, 0x6D)
TONES = {
    "concern": "B64D00",
    "both": "8A5A00",
    "improvement": "00609A",
    "neutral": "7B3FA0",
    "muted": "55626D",
    "late": "55626D",
}
PORTRAIT, LANDSCAPE = (210, 297), (297, 210)
MARGIN = 18
FIGURE_WIDTH = 125
SIZES = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
GRID_WIDTHS = (45, 11, 11, 19, 25, 13, 15, 16, 19)
CELL, WIDE_CELL, NOTE, IMPRINT = "Table Text", "Table Text Wide", "Note", "Imprint"


def render(bulletin: Bulletin) -> bytes:
    """The bulletin as a Word document, A4."""
    document = Document()
    _Writer(document, bulletin).write()
    written = BytesIO()
    document.save(written)
    return timeless(written.getvalue(), bulletin.as_of)


class _Writer:
    """The document while it is written."""

    def __init__(self, document: Any, bulletin: Bulletin):
        self.document, self.bulletin = document, bulletin
        self.say = Messages(bulletin.language)
        self.width = PORTRAIT[0] - 2 * MARGIN
        self.wide = False
        self.numbers = {"figure": 0, "table": 0}
        self.sections = [section for section in bulletin.sections if section.paper]
        self.pictures = Pictures(document.part)
        self.marks = {anchor: len(self.sections) + place for place, anchor in enumerate(_anchors(self.sections))}

    def write(self) -> None:
        self._properties()
        self._styles()
        self._page(self.document.sections[0], PORTRAIT)
        self._running_lines()
        self._title()
        for number, section in enumerate(self.sections):
            self._section(section, number)

    def _properties(self) -> None:
        made = datetime.combine(self.bulletin.as_of, time())
        properties = self.document.core_properties
        properties.title, properties.author = f"{self.bulletin.title} {self.bulletin.period}", self.bulletin.title
        properties.created = properties.modified = made
        properties.comments = ""
        properties.language = "zh-CN" if self.bulletin.language == "zh" else "en-GB"

    def _styles(self) -> None:
        styles = self.document.styles
        for name, size, chinese in (
            ("Normal", 10.5, SONG),
            ("Title", 22, HEI),
            ("Heading 1", 15, HEI),
            ("Heading 2", 12, HEI),
        ):
            self._style(styles[name], size, chinese)
        styles["Normal"].paragraph_format.line_spacing = 1.4
        styles["Normal"].paragraph_format.space_after = Pt(4)
        styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for name in ("Title", "Heading 1", "Heading 2"):
            styles[name].font.color.rgb, styles[name].font.bold = ACCENT, True
        for name in ("Caption", "List Bullet", "Header", "Footer"):
            self._style(styles[name], 9 if name != "List Bullet" else 10.5, SONG if name == "List Bullet" else HEI)
        styles["Caption"].font.color.rgb = SOFT
        for name, size in ((CELL, 8), (WIDE_CELL, 6.5), (NOTE, 8), (IMPRINT, 9), ("Contents", 10.5)):
            style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = styles["Normal"]
            self._style(style, size, SONG)
            style.paragraph_format.line_spacing, style.paragraph_format.space_after = 1.0, Pt(1)
        styles[NOTE].font.color.rgb = SOFT

    @staticmethod
    def _style(style: Any, size: float, chinese: str) -> None:
        style.font.size = Pt(size)
        typeface(style.element.get_or_add_rPr(), LATIN, chinese)

    def _page(self, section: Any, size: tuple[int, int]) -> None:
        section.orientation = WD_ORIENT.PORTRAIT if size == PORTRAIT else WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(size[0]), Mm(size[1])
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN)
        section.top_margin, section.header_distance = Mm(MARGIN + 4), Mm(9)
        self.width, self.wide = size[0] - 2 * MARGIN, size == LANDSCAPE

    def _running_lines(self) -> None:
        section = self.document.sections[0]
        section.header.paragraphs[0].text = f"{self.bulletin.title} · {self.bulletin.period}"
        section.header.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        footer = section.footer.paragraphs[0]
        footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
        before, rest = self.say.texts["render.page"].split("{page}")
        between, after = rest.split("{pages}")
        footer.add_run(before)
        field(node(footer), "PAGE", "1")
        footer.add_run(between)
        field(node(footer), "NUMPAGES", "1")
        footer.add_run(after)

    def _title(self) -> None:
        self.document.add_paragraph(self.bulletin.title, "Title")
        period = self.document.add_paragraph(self.bulletin.period)
        period.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for name, text in self.bulletin.imprint[1:]:
            line = self.document.add_paragraph(style=IMPRINT)
            line.add_run(f"{name}  ").font.color.rgb = SOFT
            line.add_run(text)
        if self.bulletin.notices:
            self.document.add_paragraph().add_run(self.say("notice.title")).bold = True
        for sentence in self.bulletin.notices:
            self.document.add_paragraph(sentence.text, "List Bullet").runs[0].font.color.rgb = RGBColor(
                0xB6, 0x4D, 0x00
            )
        self._contents()

    def _contents(self) -> None:
        self.document.add_paragraph().add_run(self.say("render.contents")).bold = True
        titles = [(section.title, f"_Toc{number}") for number, section in enumerate(self.sections)]
        paragraphs = []
        for section in self.sections:
            paragraph = self.document.add_paragraph(style="Contents")
            paragraph.paragraph_format.left_indent = Mm(6 * (section.level - 1))
            paragraphs.append(node(paragraph))
        contents(paragraphs, titles)

    def _section(self, section: Section, number: int) -> None:
        if section.wide != self.wide:
            self._page(self.document.add_section(WD_SECTION.NEW_PAGE), LANDSCAPE if section.wide else PORTRAIT)
        heading = self.document.add_heading(section.title, section.level)
        bookmark(node(heading), f"_Toc{number}", number)
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Paragraph):
            gap = "" if self.bulletin.language == "zh" else " "
            paragraph = self.document.add_paragraph(gap.join(sentence.text for sentence in block.sentences))
            paragraph.paragraph_format.first_line_indent = Pt(21) if self.bulletin.language == "zh" else None
        elif isinstance(block, Bullets):
            for sentence in block.items:
                self.document.add_paragraph(sentence.text, "List Bullet")
        elif isinstance(block, TableBlock):
            self._table(block)
        elif isinstance(block, Figures):
            self._figures(block.items)
        elif isinstance(block, Grid):
            self._grid(block)
        else:
            self._definitions(block)

    def _caption(self, kind: str, text: str) -> None:
        self.numbers[kind] += 1
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = kind == "table"
        paragraph.add_run(self.say(f"render.{kind}") + " ")
        field(node(paragraph), f"SEQ {kind} \\* ARABIC", str(self.numbers[kind]))
        paragraph.add_run(f"  {text}")

    def _append(self, made: Any) -> None:
        """A table after what is there; the paragraph behind keeps it apart from the next."""
        self.document.element.body.insert_element_before(made, "w:sectPr")
        self.document.add_paragraph(style=NOTE)

    def _note(self, text: str) -> None:
        if text:
            self.document.add_paragraph(text, NOTE)

    def _table(self, block: TableBlock) -> None:
        if block.title:
            self._caption("table", block.title)
        share = self.width / sum(column.width for column in block.columns)
        widths = [column.width * share for column in block.columns]
        head = [Text(column.label, bold=True, align=_side(column)) for column in block.columns]
        anchors = block.anchors or ("",) * len(block.rows)
        rows = [self._row(block, cells, anchor) for cells, anchor in zip(block.printed, anchors, strict=False)]
        self._append(table(widths, head, rows, _style_id(WIDE_CELL if self.wide else CELL)))
        self._note(block.note)
        self._note(block.more.text if block.more else "")

    def _link(self, to: str) -> str:
        """The bookmark of a place in this document; none if it stands elsewhere (in Excel, in another bulletin)."""
        return _bookmark(self.marks[to[1:]]) if to[1:] in self.marks else ""

    def _row(self, block: TableBlock, cells: Sequence[Cell], anchor: str) -> list[Text]:
        """A row of a table; its first cell is the place that links lead to."""
        row = [
            Text(cell.text, colour=TONES.get(cell.tone, ""), align=_side(column), link=self._link(cell.link))
            for cell, column in zip(cells, block.columns, strict=True)
        ]
        return [self._named(row[0], anchor), *row[1:]] if anchor else row

    def _named(self, text: Text, anchor: str) -> Text:
        return replace(text, name=_bookmark(self.marks[anchor]), number=self.marks[anchor])

    def _figures(self, figures: Sequence[Figure]) -> None:
        for figure in figures:
            paragraph = self.document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.keep_with_next = True
            paragraph.paragraph_format.space_after = Pt(0)
            height = FIGURE_WIDTH * _proportion(svg_of(figure))
            drawn = self.pictures.run(png_of(figure), FIGURE_WIDTH, height, figure.summary.text)
            node(paragraph).append(parsed("w:p", drawn)[0])
            self._caption("figure", figure.caption.text)

    def _picture(self, svg: str, width: float, words: str) -> str:
        return self.pictures.run(png(svg), width, width * _proportion(svg), words)

    def _grid(self, block: Grid) -> None:
        legend = [
            [self._legend(item) for item in block.legend[start : start + 3]] for start in range(0, len(block.legend), 3)
        ]
        self._append(table([self.width / 3] * 3, legend[0], legend[1:], _style_id(CELL)))
        head = [
            Text(text, bold=True, align="left" if place == 0 else "center") for place, text in enumerate(block.heads)
        ]
        rows = []
        for area in block.areas:
            rows.append([Text(area.label, bold=True, shade=BAND, span=len(block.heads))])
            rows += [self._line(row, block) for row in area.rows]
        self._append(table(GRID_WIDTHS, head, rows, _style_id(CELL)))
        for note in block.notes:
            self._note(note)

    def _legend(self, item: Any) -> Text:
        return Text("  " + item.label, picture=self._picture(icon(item), 3.6, item.label))

    def _line(self, row: GridRow, block: Grid) -> list[Text]:
        numbers = (row.counts, row.target, row.previous, row.year_before)
        return [
            Text(row.label.text, raised=",".join(row.marks), link=self._link(row.label.link)),
            Text(picture=self._picture(icon(row.variation), 4.2, row.variation.label), align="center"),
            Text(picture=self._picture(icon(row.assurance), 4.2, row.assurance.label), align="center"),
            Text(
                row.value.text,
                bold=not row.value.tone,
                colour=TONES.get(row.value.tone, ""),
                align="right",
                note=row.state,
                link=self._link(row.value.link),
            ),
            *(Text(cell.text, align="right", link=self._link(cell.link)) for cell in numbers),
            Text(picture=self._picture(sparkline(row.spark), 18, block.heads[-1]), align="center"),
        ]

    def _definitions(self, block: Definitions) -> None:
        head = [Text(self.say("grid.indicator"), bold=True), Text(self.say("sheet.definitions"), bold=True)]
        rows = [
            [
                self._named(Text(entry.label, bold=True), entry.id),
                Text("\n".join(f"{name}  {text}" for name, text, _ in entry.lines)),
            ]
            for entry in block.entries
        ]
        self._append(table([44, self.width - 44], head, rows, _style_id(CELL)))


def _proportion(svg: str) -> float:
    """Height by width of a picture."""
    width, height = (float(size) for size in SIZES.search(svg).groups())  # type: ignore[union-attr]
    return height / width


def _style_id(name: str) -> str:
    return name.replace(" ", "")


def _side(column: Column) -> str:
    return "right" if column.number else "left"


def _anchors(sections: Sequence[Section]) -> Iterator[str]:
    """The places that links lead to, in their order: rows of tables on paper, and definitions."""
    for block in (block for section in sections for block in section.blocks):
        if isinstance(block, TableBlock):
            yield from block.anchors[: len(block.printed)]
        elif isinstance(block, Definitions):
            yield from (entry.id for entry in block.entries)


def _bookmark(number: int) -> str:
    """Word allows 40 letters and no hyphen in a bookmark's name, and hides what begins with an underscore."""
    return f"_Place{number}"
