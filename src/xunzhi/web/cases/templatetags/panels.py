"""The cards that other rooms show on the page of a case."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString

from xunzhi.web.cases.panels import Panel

register = template.Library()


@register.simple_tag(takes_context=True)
def draw(context: Context, panel: Panel) -> SafeString:
    """A card: its template with what it brings, and with the page's case."""
    with context.push(**panel.context):
        return get_template(panel.template).template.render(context)  # type: ignore[attr-defined, no-any-return]
