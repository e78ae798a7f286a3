"""What this room fills in when a form of a case is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from xunzhi.measures import shifted
from xunzhi.web.governance.changes import in_force
from xunzhi.web.installation import pack


def filled_in(kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A revision of an indicator begins with the definition in force, for the next month."""
    indicator = asked.get("indicator")
    if kind != "indicator_change" or asked.get("kind") != "revise" or indicator not in pack().indicators:
        return {}
    next_month = shifted(f"{timezone.localdate():%Y-%m}", 1)
    return {"effective": f"{next_month}-01", "definition": in_force(indicator)}
