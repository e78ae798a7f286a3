"""Template tags that every page has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template.base import Node, Parser, TextNode, Token
from django.templatetags.i18n import do_translate
from django.templatetags.static import do_static, static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from xunzhi.standards import Label
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.words import say

register = template.Library()
Compiled = Callable[[Parser, Token], Node]
_FIXED = re.compile(r"""context|"[^"]*"|'[^']*'""")


def once(tag: Compiled) -> Compiled:
    """A tag of which nothing but fixed texts is asked is rendered when its template is read: see :mod:`.templating`."""

    def compiled(parser: Parser, token: Token) -> Node:
        node = tag(parser, token)
        fixed = all(_FIXED.fullmatch(bit) for bit in token.split_contents()[1:])
        return TextNode(node.render(template.Context())) if fixed else node

    return compiled


register.tag("translate", once(do_translate))
register.tag("static", once(do_static))


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of assets/icons.txt. It says nothing by itself: put a word or a title beside it."""
    return format_html(
        '<svg class="icon {}" width="20" height="20" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        static("vendor/icons.svg"),
        name,
    )


register.tag("icon", once(register.tags["icon"]))


@register.filter
def said(label: Label) -> str:
    """A label of the standards in the reader's language."""
    return in_language(label)


@register.filter
def said_unit(unit: str) -> str:
    """A unit of measurement of the standards in the reader's language."""
    return say().unit(unit)


@register.filter
def options(choices: Iterable[tuple[str, Any]], chosen: str = "") -> SafeString:
    """The options (value, label) of a `<select>`; without a template, for there may be hundreds."""
    lines = (
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(str(label))}</option>'
        for value, label in choices
    )
    return mark_safe("".join(lines))  # noqa: S308  escaped above


@register.simple_tag
def chart(name: str, spec: dict[str, Any], text: str) -> SafeString:
    """A Vega-Lite chart. `text` says in words what it shows (for those who can't see it); `name` is its id.

    Put the data table that belongs to it into a `<details>` beside it.
    """
    body = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")
    return format_html(
        '<figure class="chart" role="img" aria-label="{}" data-chart="{}"></figure>'
        '<script type="application/json" id="{}">{}</script>',
        text,
        name,
        name,
        mark_safe(body),  # noqa: S308  JSON without "<" can't end the script element
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The query string of this page with some parameters changed; an empty value removes one."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return "?" + parameters.urlencode()
