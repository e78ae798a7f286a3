"""The guides of docs/, to be read on the site without the internet."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt

from xunzhi.web.permissions import signed_in

PLACES = Path(__file__).parent / "guides", Path(__file__).parents[4] / "docs"
"""Where the guides stand: in an installed package, and in a checkout."""

FILES = {"user": {"zh": "user.zh-CN.md", "en": "user.md"}, "admin": {"zh": "admin.zh-CN.md", "en": "admin.md"}}
"""Name in the address → file by language."""

HEADING = re.compile(r"<h2>(.*?)</h2>")
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>')


@signed_in
def guide(request: HttpRequest, name: str = "user") -> HttpResponse:
    """A guide in the reader's language, with its chapters beside it."""
    if name not in FILES:
        raise Http404
    language = "zh" if (get_language() or "zh").startswith("zh") else "en"
    title, chapters, body = _read(FILES[name][language])
    context = {"title": title, "chapters": chapters, "body": mark_safe(body), "name": name}  # noqa: S308 - our own text
    return render(request, "work/guide.html", context)


@lru_cache(maxsize=len(FILES) * 2)
def _read(file: str) -> tuple[str, list[str], str]:
    """Title, chapters and text as HTML. Links between guides lead through the site, others are left out."""
    path = next(place / file for place in PLACES if (place / file).is_file())
    title, text = path.read_text(encoding="utf-8").removeprefix("# ").split("\n", 1)
    html = MarkdownIt("commonmark").enable("table").render(text)
    chapters = HEADING.findall(html)
    numbers = iter(range(1, len(chapters) + 1))
    html = HEADING.sub(lambda found: f'<h2 id="c{next(numbers)}">{found[1]}</h2>', html)
    html = html.replace("<pre>", '<pre tabindex="0">')  # wide ones are scrolled, also by keys
    html = html.replace("<table>", '<div class="table-responsive"><table class="table">').replace(
        "</table>", "</table></div>"
    )
    return title, chapters, LINK.sub(_linked, html)


def _linked(found: re.Match[str]) -> str:
    names = {file: name for name, files in FILES.items() for file in files.values()}
    name = names.get(found[1].split("#")[0])
    return f'<a href="{reverse("work:guide_of", args=[name])}">{found[2]}</a>' if name else found[2]
