"""The few pieces of WordprocessingML that python-docx has no words for, or is slow at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

Element = Any
"""An lxml element; lxml has no types."""

LINE, BAND = "C9D2D9", "EEF2F5"
TWIPS_PER_MM = 56.69


@dataclass(frozen=True)
class Text:
    """What stands in a table cell: text, or a picture's run; with its look."""

    text: str = ""
    bold: bool = False
    colour: str = ""
    align: str = "left"
    shade: str = ""
    span: int = 1
    run: Element = None
    raised: str = ""


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


def typeface(properties: Element, latin: str, chinese: str) -> None:
    """Name the fonts of a style or run, that of Chinese text too."""
    fonts = properties.get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    for attribute, name in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", chinese)):
        fonts.set(qn(f"w:{attribute}"), name)


def field(paragraph: Element, instruction: str, shown: str, *, stale: bool = False) -> None:
    """A field with the text it shows until Word computes it; a stale one is computed on opening."""
    begin = child(child(paragraph, "w:r"), "w:fldChar", fldCharType="begin")
    if stale:
        begin.set(qn("w:dirty"), "true")
    _text(child(paragraph, "w:r"), instruction, "w:instrText")
    child(child(paragraph, "w:r"), "w:fldChar", fldCharType="separate")
    _text(child(paragraph, "w:r"), shown)
    child(child(paragraph, "w:r"), "w:fldChar", fldCharType="end")


def contents(body: Iterable[Element], titles: Sequence[tuple[str, int, str]]) -> None:
    """Fill paragraphs with a table of contents: (title, level, bookmark) as links, which Word gives page numbers."""
    paragraphs = list(body)
    for place, (paragraph, (title, _level, bookmark)) in enumerate(zip(paragraphs, titles, strict=True)):
        if place == 0:
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="begin", dirty="true")
            _text(child(paragraph, "w:r"), 'TOC \\o "1-2" \\h \\z \\u', "w:instrText")
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="separate")
        link = child(paragraph, "w:hyperlink", anchor=bookmark, history="1")
        _text(child(link, "w:r"), title)
        if place == len(paragraphs) - 1:
            child(child(paragraph, "w:r"), "w:fldChar", fldCharType="end")


def bookmark(paragraph: Element, name: str, number: int) -> None:
    """Give a paragraph a name that links can go to."""
    start = element("w:bookmarkStart", id=number, name=name)
    properties = paragraph.find(qn("w:pPr"))
    paragraph.insert(0 if properties is None else 1, start)
    child(paragraph, "w:bookmarkEnd", id=number)


def table(widths: Sequence[float], head: Sequence[Text], rows: Iterable[Sequence[Text]], style: str) -> Element:
    """A native table with a heading that is repeated on every page.

    Args:
        widths: of the columns, in mm.
        head: the heading's cells.
        rows: the other cells.
        style: paragraph style of all cells.
    """
    made = element("w:tbl")
    properties = child(made, "w:tblPr")
    child(properties, "w:tblW", w=round(sum(widths) * TWIPS_PER_MM), type="dxa")
    borders = child(properties, "w:tblBorders")
    for side, size, colour in (("top", 8, "14507A"), ("bottom", 8, "14507A"), ("insideH", 4, LINE)):
        child(borders, f"w:{side}", val="single", sz=size, space=0, color=colour)
    child(properties, "w:tblLayout", type="fixed")
    margins = child(properties, "w:tblCellMar")
    for side in ("left", "right"):
        child(margins, f"w:{side}", w=50, type="dxa")
    grid = child(made, "w:tblGrid")
    for width in widths:
        child(grid, "w:gridCol", w=round(width * TWIPS_PER_MM))
    made.append(_row(widths, head, style, head=True))
    for row in rows:
        made.append(_row(widths, row, style))
    return made


def _row(widths: Sequence[float], cells: Sequence[Text], style: str, *, head: bool = False) -> Element:
    row = element("w:tr")
    properties = child(row, "w:trPr")
    child(properties, "w:cantSplit")
    if head:
        child(properties, "w:tblHeader")
    place = 0
    for cell in cells:
        row.append(_cell(sum(widths[place : place + cell.span]), cell, style))
        place += cell.span
    return row


def _cell(width: float, cell: Text, style: str) -> Element:
    made = element("w:tc")
    properties = child(made, "w:tcPr")
    child(properties, "w:tcW", w=round(width * TWIPS_PER_MM), type="dxa")
    if cell.span > 1:
        child(properties, "w:gridSpan", val=cell.span)
    if cell.shade:
        child(properties, "w:shd", val="clear", color="auto", fill=cell.shade)
    child(properties, "w:vAlign", val="center")
    for line in cell.text.split("\n"):
        paragraph = child(made, "w:p")
        layout = child(paragraph, "w:pPr")
        child(layout, "w:pStyle", val=style)
        child(layout, "w:jc", val=cell.align)
        if cell.run is not None:
            paragraph.append(cell.run)
        if line:
            _styled(paragraph, line, cell)
        if cell.raised:
            _styled(paragraph, cell.raised, Text(raised=cell.raised))
    return made


def _styled(paragraph: Element, text: str, look: Text) -> None:
    run = child(paragraph, "w:r")
    properties = child(run, "w:rPr")
    if look.bold:
        child(properties, "w:b")
    if look.colour:
        child(properties, "w:color", val=look.colour)
    if text == look.raised:
        child(properties, "w:vertAlign", val="superscript")
    _text(run, text)


def _text(run: Element, text: str, name: str = "w:t") -> None:
    made = child(run, name)
    made.text = text
    made.set(qn("xml:space"), "preserve")
