"""Renderers: a bulletin in, the bytes of a file out; the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xunzhi.reports.model import Bulletin
from xunzhi.reports.render import excel, html, pdf, word

RENDERERS: Mapping[str, Callable[[Bulletin], bytes]] = {
    "docx": word.render,
    "pdf": pdf.render,
    "xlsx": excel.render,
    "html": html.render,
}
