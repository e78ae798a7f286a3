"""A case as PDF, by typst: the template reads the content as data, so that no text can be taken for markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from xunzhi.reports.render.pdf import STANDARD, fonts
from xunzhi.web.cases.printing import Sheet


def as_pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF/A, A4.

    Raises:
        ValueError: if there are no Chinese fonts on the machine.
    """
    content = {**asdict(sheet), "made": sheet.made.isoformat(), "texts": sheet.texts}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.typ").write_bytes(files("xunzhi.web.cases").joinpath("print/case.typ").read_bytes())
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        made = typst.compile(
            str(folder / "case.typ"),
            root=name,
            font_paths=fonts(sheet.language),
            format="pdf",
            pdf_standards=[STANDARD],
            timestamp=datetime.combine(sheet.made, time(), UTC),
        )
    return bytes(made)
