"""What the page of an indicator shows of governance: decisions on its target, and the way to a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from xunzhi.measures import shifted
from xunzhi.web.cases.access import may_open
from xunzhi.web.cases.types import case_types
from xunzhi.web.governance import decisions
from xunzhi.web.governance.changes import in_force
from xunzhi.web.installation import pack

SHOWN = 3


def _revision(indicator: str) -> dict[str, str]:
    """The form of a revision, filled in with the definition in force, for the next month."""
    next_month = shifted(f"{timezone.localdate():%Y-%m}", 1)
    return {
        "kind": "revise", "indicator": indicator, "effective": f"{next_month}-01",
        "definition": in_force(indicator) if indicator in pack().indicators else "",
    }  # fmt: skip


def panels(request: HttpRequest, indicator: str, institution: str) -> Iterator[SafeString]:
    """The latest decisions on the target, and links for those who may decide or propose."""
    access = request.access  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "indicator": indicator,
        "decisions": decisions.targets(indicator, institution)[:SHOWN],
        "decides": access.may_somewhere("target.set"),
        "proposes": may_open(access, case_types()["indicator_change"]),
    }
    if context["proposes"]:
        context["proposal"] = urlencode(_revision(indicator))
    if context["decisions"] or context["decides"] or context["proposes"]:
        yield render_to_string("governance/panels/indicator.html", context)
