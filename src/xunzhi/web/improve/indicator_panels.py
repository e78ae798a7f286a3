"""What the page of an indicator shows of improvement: what worked on it before."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from xunzhi.web.improve import library

SHOWN = 5


def panels(request: HttpRequest, indicator: str, institution: str) -> Iterator[SafeString]:
    """The newest proved cases on this indicator; nothing where there are none."""
    found = library.worked(request.access, indicator=indicator)  # type: ignore[attr-defined]
    books = [library.book(proof) for proof in found.filter(institution=institution)[:SHOWN]]
    if books:
        yield render_to_string("improve/panels/worked.html", {"books": books, "indicator": indicator}, request)
