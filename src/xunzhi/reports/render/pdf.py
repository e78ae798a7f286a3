"""PDF by typst: the template reads the content as data, so that no name can be taken for markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import typst

from xunzhi.reports.drawing import svg_of
from xunzhi.reports.icons import icon, sparkline
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Block as Content
from xunzhi.reports.model import Bulletin, Definitions, Figures, Grid, Paragraph, TableBlock

FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC")
STANDARD: Literal["a-2b"] = "a-2b"
"""PDF/A-2b: fonts embedded, good for archives."""


def render(bulletin: Bulletin) -> bytes:
    """The bulletin as PDF, A4.

    Raises:
        ValueError: if there are no Chinese fonts on the machine.
    """
    available = fonts(bulletin.language)
    template = files("xunzhi.reports").joinpath("templates/bulletin.typ").read_bytes()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bulletin.typ").write_bytes(template)
        (folder / "content.json").write_text(json.dumps(_content(bulletin), ensure_ascii=False), encoding="utf-8")
        made = datetime.combine(bulletin.as_of, time(), UTC)
        pdf = typst.compile(
            str(folder / "bulletin.typ"),
            root=name,
            font_paths=available,
            format="pdf",
            pdf_standards=[STANDARD],
            timestamp=made,
        )
    return bytes(pdf)


@cache
def _installed() -> Any:
    return typst.Fonts(include_system_fonts=True)


def fonts(language: str) -> Any:
    """The fonts of the machine.

    Raises:
        ValueError: if the Chinese ones are missing; the text is in the given language.
    """
    missing = sorted(set(FONTS) - set(_installed().families()))
    if missing:
        raise ValueError(Messages(language)("error.no_fonts", fonts=", ".join(missing)))
    return _installed()


def _content(bulletin: Bulletin) -> dict[str, Any]:
    """What the template reads: the content with its pictures drawn."""
    say = Messages(bulletin.language)
    sections = [
        {
            "id": section.id,
            "title": section.title,
            "level": section.level,
            "wide": section.wide,
            "blocks": [{"kind": type(block).__name__, **_block(block)} for block in section.blocks],
        }
        for section in bulletin.sections
        if section.paper
    ]
    return {
        "language": bulletin.language,
        "title": bulletin.title,
        "period": bulletin.period,
        "imprint": bulletin.imprint,
        "date": [bulletin.as_of.year, bulletin.as_of.month, bulletin.as_of.day],
        "notices": [sentence.text for sentence in bulletin.notices],
        "sections": sections,
        "footer": bulletin.footer,
        "texts": say.texts,
        "gap": "" if bulletin.language == "zh" else " ",
    }


def _block(block: Content) -> dict[str, Any]:
    if isinstance(block, TableBlock):
        return _table(block)
    if isinstance(block, Figures):
        return {
            "items": [
                {"title": f.title, "svg": svg_of(f), "summary": f.summary.text, "caption": f.caption.text}
                for f in block.items
            ]
        }
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Definitions):
        return asdict(block)
    sentences = block.sentences if isinstance(block, Paragraph) else block.items
    return {"texts": [sentence.text for sentence in sentences]}


def _table(block: TableBlock) -> dict[str, Any]:
    return {
        "title": block.title,
        "note": block.note,
        "more": block.more.text if block.more else "",
        "columns": [asdict(column) for column in block.columns],
        "rows": [[{"text": cell.text, "tone": cell.tone, "link": cell.link} for cell in row] for row in block.printed],
        "anchors": block.anchors,
    }


def _grid(block: Grid) -> dict[str, Any]:
    def line(row: Any) -> dict[str, Any]:
        cells = ("label", "value", "counts", "target", "previous", "year_before")
        return {
            "indicator": row.indicator,
            "variation": {"svg": icon(row.variation), "label": row.variation.label},
            "assurance": {"svg": icon(row.assurance), "label": row.assurance.label},
            "spark": sparkline(row.spark),
            "state": row.state,
            "marks": row.marks,
            **{name: asdict(getattr(row, name)) for name in cells},
        }

    return {
        "heads": block.heads,
        "areas": [{"label": area.label, "rows": [line(row) for row in area.rows]} for area in block.areas],
        "legend": [{"svg": icon(verdict), "label": verdict.label} for verdict in block.legend],
        "notes": block.notes,
    }
