"""What the page of an indicator shows of governance: decisions on its target, and the way to a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from xunzhi.web.cases.access import may_open
from xunzhi.web.cases.types import case_types
from xunzhi.web.governance import decisions

SHOWN = 3


def panels(request: HttpRequest, indicator: str, institution: str) -> Iterator[SafeString]:
    """The latest decisions on the target, and links for those who may decide or propose."""
    access = request.access  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "indicator": indicator,
        "decisions": decisions.targets(indicator, institution)[:SHOWN],
        "decides": access.may_somewhere("target.set"),
        "proposes": may_open(access, case_types()["indicator_change"]),
    }
    if context["decisions"] or context["decides"] or context["proposes"]:
        yield render_to_string("governance/panels/indicator.html", context)
