"""The few pieces of WordprocessingML that python-docx has no words for, or is slow at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.parts.image import ImagePart

Element = Any
"""An lxml element; lxml has no types."""

LINE, BAND, RULE = "C9D2D9", "EEF2F5", "14507A"
SMALL = '<w:color w:val="55626D"/><w:sz w:val="13"/>'
TWIPS_PER_MM, EMU_PER_MM = 56.69, 36000


@dataclass(frozen=True)
class Text:
    """What stands in a table cell: a picture (XML of a run) or text, with its look, and a plain note below.

    `link` is the bookmark that the text leads to, `name` the bookmark that the cell is, with its number.
    """

    text: str = ""
    bold: bool = False
    colour: str = ""
    align: str = "left"
    shade: str = ""
    span: int = 1
    picture: str = ""
    raised: str = ""
    note: str = ""
    link: str = ""
    name: str = ""
    number: int = 0


def element(name: str, /, **attributes: str | int) -> Element:
    """A new element: `element("w:jc", val="center")`."""
    made = OxmlElement(name)
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), str(value))
    return made


def child(parent: Element, name: str, /, **attributes: str | int) -> Element:
    """A new element at the end of another."""
    made = element(name, **attributes)
    parent.append(made)
    return made


def node(paragraph: Any) -> Element:
    """The element of a paragraph of python-docx."""
    return paragraph.paragraph_format.element


def typeface(properties: Element, latin: str, chinese: str) -> None:
    """Name the fonts of a style or run, that of Chinese text too."""
    fonts = properties.get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    for attribute, name in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", chinese)):
        fonts.set(qn(f"w:{attribute}"), name)


def field(paragraph: Element, instruction: str, shown: str) -> None:
    """A field with the text it shows until Word computes it."""
    child(child(paragraph, "w:r"), "w:fldChar", fldCharType="begin")
    _text(child(paragraph, "w:r"), instruction, "w:instrText")
    child(child(paragraph, "w:r"), "w:fldChar", fldCharType="separate")
    _text(child(paragraph, "w:r"), shown)
    child(child(paragraph, "w:r"), "w:fldChar", fldCharType="end")


def contents(body: Iterable[Element], titles: Sequence[tuple[str, str]]) -> None:
    """Fill paragraphs with a table of contents: (title, bookmark) as links; Word adds page numbers when it opens."""
    paragraphs = list(body)
    for place, (paragraph, (title, bookmark_name)) in enumerate(zip(paragraphs, titles, strict=True)):
        if place == 0:
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="begin", dirty="true")
            _text(child(paragraph, "w:r"), 'TOC \\o "1-2" \\h \\z \\u', "w:instrText")
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="separate")
        link = child(paragraph, "w:hyperlink", anchor=bookmark_name, history="1")
        _text(child(link, "w:r"), title)
        if place == len(paragraphs) - 1:
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="end")


def bookmark(paragraph: Element, name: str, number: int) -> None:
    """Give a paragraph a name that links can go to."""
    start = element("w:bookmarkStart", id=number, name=name)
    properties = paragraph.find(qn("w:pPr"))
    paragraph.insert(0 if properties is None else 1, start)
    child(paragraph, "w:bookmarkEnd", id=number)


def _text(run: Element, text: str, name: str = "w:t") -> None:
    made = child(run, name)
    made.text = text
    made.set(qn("xml:space"), "preserve")


class Pictures:
    """The pictures of a document, each stored once; python-docx compares every new one with all others."""

    def __init__(self, part: Any):
        self.part = part
        self.known: dict[bytes, str] = {}
        self.count = 0

    def run(self, png: bytes, width: float, height: float, words: str) -> str:
        """The XML of a run that shows a picture, sizes in mm; `words` say what it shows."""
        if png not in self.known:
            name = PackURI(f"/word/media/picture{len(self.known) + 1}.png")
            image = ImagePart(name, "image/png", png)
            self.known[png] = self.part.relate_to(image, RELATIONSHIP_TYPE.IMAGE)
        self.count += 1
        return DRAWING.format(
            link=self.known[png],
            number=self.count,
            words=quoteattr(words),
            width=round(width * EMU_PER_MM),
            height=round(height * EMU_PER_MM),
        )


DRAWING = (
    '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
    '<wp:docPr id="{number}" name="Picture {number}" descr={words}/>'
    '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
    '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
    '<pic:nvPicPr><pic:cNvPr id="{number}" name="Picture {number}"/><pic:cNvPicPr/></pic:nvPicPr>'
    '<pic:blipFill><a:blip r:embed="{link}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
    "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)


def parsed(name: str, inside: str) -> Element:
    """An element from its inner XML."""
    return parse_xml(f"<{name} {nsdecls('w', 'wp', 'a', 'pic', 'r')}>{inside}</{name}>")


def table(widths: Sequence[float], head: Sequence[Text], rows: Iterable[Sequence[Text]], style: str) -> Element:
    """A native table with a heading that is repeated on every page.

    Args:
        widths: of the columns, in mm.
        head: the heading's cells.
        rows: the other cells.
        style: id of the paragraph style of all cells.
    """
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'
        for side, size, colour in (("top", 8, RULE), ("bottom", 8, RULE), ("insideH", 4, LINE))
    )
    margins = "".join(
        f'<w:{side} w:w="{size}" w:type="dxa"/>'
        for side, size in (("top", 25), ("left", 50), ("bottom", 25), ("right", 50))
    )
    properties = (
        f'<w:tblPr><w:tblW w:w="{_twips(sum(widths))}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
    )
    grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in widths)
    body = "".join(_row(widths, row, style) for row in rows)
    heading = _row(widths, head, style, head=True)
    return parsed("w:tbl", f"{properties}<w:tblGrid>{grid}</w:tblGrid>{heading}{body}")


def _twips(millimetres: float) -> int:
    return round(millimetres * TWIPS_PER_MM)


def _row(widths: Sequence[float], cells: Sequence[Text], style: str, *, head: bool = False) -> str:
    parts, place = [], 0
    for cell in cells:
        parts.append(_cell(sum(widths[place : place + cell.span]), cell, style))
        place += cell.span
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{''.join(parts)}</w:tr>"


def _cell(width: float, cell: Text, style: str) -> str:
    span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    layout = f'<w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="{cell.align}"/></w:pPr>'
    look = ("<w:b/>" if cell.bold else "") + (f'<w:color w:val="{cell.colour}"/>' if cell.colour else "")
    raised = _run(cell.raised, '<w:vertAlign w:val="superscript"/>')
    runs = [_linked(_run(line, look), cell.link) for line in cell.text.split("\n")]
    if cell.name:
        mark = f'<w:bookmarkStart w:id="{cell.number}" w:name="{cell.name}"/><w:bookmarkEnd w:id="{cell.number}"/>'
        runs[0] = mark + runs[0]
    lines = "".join(f"<w:p>{layout}{cell.picture}{run}{raised}</w:p>" for run in runs)
    if cell.note:
        lines += f"<w:p>{layout}{_run(cell.note, SMALL)}</w:p>"
    properties = f'<w:tcW w:w="{_twips(width)}" w:type="dxa"/>{span}{shade}<w:vAlign w:val="center"/>'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{lines}</w:tc>"


def _linked(run: str, bookmark_name: str) -> str:
    return (
        f'<w:hyperlink w:anchor="{bookmark_name}" w:history="1">{run}</w:hyperlink>' if bookmark_name and run else run
    )


def _run(text: str, look: str) -> str:
    if not text:
        return ""
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
