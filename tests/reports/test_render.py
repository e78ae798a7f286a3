"""What is printed: the same bytes every time, nothing taken for markup, and made for its medium."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from zipfile import ZipFile

import pdfplumber
import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from xunzhi.reports import RENDERERS, build

SCRIPT, FORMULA, MARKUP = "<script>alert(1)</script>", '=HYPERLINK("http://x")', '#image("x") $y$ *z* @ref \\ [a] `b`'


@pytest.fixture(scope="module")
def printed(hospital):
    return {name: render(hospital) for name, render in RENDERERS.items()}


@pytest.mark.parametrize("name", RENDERERS)
def test_printed_again_it_is_the_same(name, printed, source_of):
    assert RENDERERS[name](build(source_of("2026-05"), "zh")) == printed[name]


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_department_bulletins_in_both_languages(name, language, source):
    assert len(RENDERERS[name](build(source, language, "D3"))) > 5000


AGAIN = """
import hashlib, sys
from pathlib import Path
from xunzhi.lake import Lake
from xunzhi.measures import Readings
from xunzhi.reports import RENDERERS, Profile, Source, build
from xunzhi.standards import load_pack
home, pack = Path(sys.argv[1]), load_pack(Path(sys.argv[2]))
profile = Profile(institutions={"H1": "循质医院 & <b>分院</b>"}, compare=("mortality",))
bulletin = build(Source(Readings(Lake(home, pack), home), "H1", "2026-05", profile=profile), "zh")
for name, render in RENDERERS.items():
    print(name, hashlib.sha256(render(bulletin)).hexdigest())
"""


def test_another_process_prints_the_same(printed, home, request):
    import hashlib  # noqa: PLC0415

    pack = request.path.parent / "pack"
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(home), str(pack)], capture_output=True, text=True, check=True
    )
    assert dict(line.split() for line in done.stdout.splitlines()) == {
        name: hashlib.sha256(content).hexdigest() for name, content in printed.items()
    }


class Page(HTMLParser):
    """Elements, ids, links and loads of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.loads, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.loads += [values[name] for name in ("src", "data", "poster", "action") if name in values]


def test_html_stands_alone(printed):
    text = printed["html"].decode()
    page = Page(text)
    assert not page.loads
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []
    assert "default-src 'none'" in text


def test_every_link_in_html_goes_somewhere(printed):
    page = Page(printed["html"].decode())
    assert len(page.ids) == len(set(page.ids))
    assert len(page.links) > 20
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_names_are_never_markup_in_html(printed):
    text = printed["html"].decode()
    assert SCRIPT not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b&gt;分院&lt;/b&gt;" in text


def test_word_is_made_to_be_edited(printed):
    document = Document(BytesIO(printed["docx"]))
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name.startswith("Heading")]
    assert {"摘要", "指标总览", "数据质量与完整性"} <= set(headings)
    xml = document.element.xml
    assert "TOC \\o" in xml
    assert "w:tblHeader" in xml
    assert "SEQ figure" in xml
    assert document.tables
    assert SCRIPT in "".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for name, chinese in (("Normal", "宋体"), ("Heading 1", "黑体")):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == chinese
    assert "PAGE" in document.sections[0].footer._element.xml
    assert {section.orientation for section in document.sections} == {0, 1}
    assert all(picture.get("descr") for picture in document.element.iter(qn("wp:docPr")))


def test_word_leads_from_a_value_to_its_months_and_its_definition(printed):
    body = Document(BytesIO(printed["docx"])).element.body
    marks = [mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))]
    numbers = [mark.get(qn("w:id")) for mark in body.iter(qn("w:bookmarkStart"))]
    links = {link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))}
    assert len(marks) == len(set(marks)) == len(set(numbers))
    assert links <= set(marks)
    assert len([name for name in links if name.startswith("_Place")]) > 3


def test_office_files_hold_no_time_of_printing(printed, hospital):
    for name in ("docx", "xlsx"):
        with ZipFile(BytesIO(printed[name])) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = archive.read("docProps/core.xml").decode()
            assert set(re.findall(r">(\d{4}-\d\d-\d\d)T", core)) == {hospital.as_of.isoformat()}


def test_excel_has_numbers_and_no_formulas(printed, hospital, source):
    book = load_workbook(BytesIO(printed["xlsx"]))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert FORMULA in {cell.value for cell in cells}
    assert MARKUP in {cell.value for cell in cells}
    overview = book["总览"]
    line = next(row for row in overview.iter_rows() if row[0].value == "mortality")
    assert line[4].value == pytest.approx(source.row("mortality").value)
    assert line[4].number_format == "#,##0.00"
    assert overview.freeze_panes
    assert len(book.sheetnames) >= 7


def test_excel_links_lead_to_series_and_definitions(printed):
    book = load_workbook(BytesIO(printed["xlsx"]))
    line = next(row for row in book["总览"].iter_rows() if row[0].value == "mortality")
    for cell, sheet, text in ((line[4], "月度序列", "住院死亡率 (%)"), (line[1], "指标定义", "住院死亡率")):
        name, place = cell.hyperlink.location.split("!")
        assert name.strip("'") == sheet
        assert book[sheet][place].value == text


def test_pdf_shows_every_letter(printed):
    with pdfplumber.open(BytesIO(printed["pdf"])) as pdf:
        text = "".join(page.extract_text() for page in pdf.pages)
        fonts = {char["fontname"] for page in pdf.pages for char in page.chars}
        assert pdf.metadata["CreationDate"] is not None
    assert "住院死亡率" in text
    assert "alert(1)" in text
    assert "(cid:" not in text
    assert "\ufffd" not in text
    assert all(re.match(r"[A-Z]{6}\+", font) for font in fonts)


def test_pdf_is_an_archive_copy(printed):
    assert b"pdfaid:part" in printed["pdf"]
    assert printed["pdf"].count(b"/FontFile3") >= 2


def test_no_case_of_a_patient_is_named(printed, source):
    assert "2023-07-1-0" in source.state.faults["impossible"]
    assert b"2023-07-1-0" not in printed["html"]


def test_only_cells_with_something_in_them_are_links(printed):
    book = load_workbook(BytesIO(printed["xlsx"]))
    linked = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert linked
    assert all(cell.value is not None for cell in linked)
