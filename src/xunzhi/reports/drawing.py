"""Specifications drawn: SVG for HTML and PDF, PNG for Word."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import vl_convert

from xunzhi.reports.model import Figure

IDS = re.compile(r'\b(?:id="|url\(#|href="#)([A-Za-z_][\w-]*)')
DENSITY = 220
"""Dots per inch of pictures in Word."""


def svg_of(figure: Figure) -> str:
    """The chart as SVG, the same every time: Vega numbers its clip paths through a process, so they are named anew."""
    return _renamed(_svg(_text(figure.spec)), figure.id)


def png_of(figure: Figure) -> bytes:
    """The chart as PNG."""
    return png(svg_of(figure))


@lru_cache(maxsize=4096)
def png(svg: str) -> bytes:
    """An SVG picture as PNG."""
    picture: bytes = vl_convert.svg_to_png(svg, ppi=DENSITY)
    return picture


def _text(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=1024)
def _svg(spec: str) -> str:
    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn


def _renamed(svg: str, prefix: str) -> str:
    """Give every id of a picture a name of its own in the document."""
    names = {name: f"{prefix}-{index}" for index, name in enumerate(dict.fromkeys(IDS.findall(svg)))}
    for old, new in names.items():
        svg = re.sub(rf'((?:id="|url\(#|href="#)){re.escape(old)}(?=["\)])', rf"\g<1>{new}", svg)
    return svg
