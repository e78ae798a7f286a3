"""Check sheet: how often each thing was seen on each occasion; its totals go on to the Pareto chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, number, rows_of, text


def outcome(values: Mapping[str, Any]) -> Outcome:
    """Totals by item; `carries["causes"]` are rows for Pareto."""
    totals: dict[str, float] = {}
    dates: set[str] = set()
    for row in rows_of(values, "observations"):
        item, seen = text(row.get("item")), number(row.get("count"))
        if item and seen is not None and seen >= 0:
            totals[item] = totals.get(item, 0.0) + seen
            dates.add(text(row.get("date")))
    if not totals:
        return Outcome()
    observed = number(values.get("checked"))
    total = sum(totals.values())
    sentences = [
        _("Found %(total)g times, %(items)d kinds of finding; days of observation: %(days)d.")
        % {"total": total, "items": len(totals), "days": len(dates)}
    ]
    if observed:
        sentences.append(
            _("%(rate).1f%% of %(observed)g checks.") % {"rate": total / observed * 100, "observed": observed}
        )
    rows = sorted(totals.items(), key=lambda pair: -pair[1])
    carries = {"causes": [{"cause": item, "count": f"{seen:g}"} for item, seen in rows]}
    return Outcome(sentences, None, "", (_("Item"), _("Count")), [(item, f"{seen:g}") for item, seen in rows], carries)
