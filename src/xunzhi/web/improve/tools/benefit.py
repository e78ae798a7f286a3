"""What the work was worth: against its target, in money, and in what people learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, number, rows_of, text


def tangible(values: Mapping[str, Any]) -> Outcome:
    """Attainment (目标达标率) = (after − before) / (target − before); progress (进步率) = gain / before."""
    before, target, after = (number(values.get(name)) for name in ("before", "target", "after"))
    if before is None or target is None or after is None or target == before:
        return Outcome()
    attained = (after - before) / (target - before) * 100
    sentences = [_("Target attainment %(share).1f%%.") % {"share": attained}]
    rows = [(_("Before"), f"{before:g}"), (_("Target"), f"{target:g}"), (_("After"), f"{after:g}")]
    if before:
        progress = (after - before) / before * 100 * (1 if target > before else -1)
        sentences.append(_("Progress %(share).1f%%.") % {"share": progress})
    return Outcome(sentences, None, "", (_("Phase"), _("Value")), rows, {"attained": attained})


def economic(values: Mapping[str, Any]) -> Outcome:
    """Savings and gains less costs, in yuan a year."""
    lines = [
        (text(row.get("what")), number(row.get("gain")) or 0.0, number(row.get("cost")) or 0.0)
        for row in rows_of(values, "lines")
    ]
    lines = [line for line in lines if line[0]]
    if not lines:
        return Outcome()
    gain, cost = sum(line[1] for line in lines), sum(line[2] for line in lines)
    sentence = _("Net benefit %(net)s yuan: gains %(gain)s, costs %(cost)s.") % {
        "net": f"{gain - cost:,.2f}", "gain": f"{gain:,.2f}", "cost": f"{cost:,.2f}",
    }  # fmt: skip
    rows = [(what, f"{one:,.2f}", f"{other:,.2f}") for what, one, other in lines]
    return Outcome([sentence], None, "", (_("Item"), _("Gain"), _("Cost")), rows, {"gain": gain, "cost": cost})


def intangible(values: Mapping[str, Any]) -> Outcome:
    """Members' scores of themselves before and after, item by item."""
    rows = []
    for row in rows_of(values, "items"):
        before, after = number(row.get("before")), number(row.get("after"))
        if text(row.get("item")) and before is not None and after is not None:
            rows.append((text(row.get("item")), before, after))
    if not rows:
        return Outcome()
    grown = sum(1 for _item, before, after in rows if after > before)
    sentence = _("%(grown)d of %(all)d abilities grew.") % {"grown": grown, "all": len(rows)}
    data = [
        {"item": item, "phase": phase, "score": score}
        for item, before, after in rows
        for phase, score in ((_("Before"), before), (_("After"), after))
    ]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": "container",
        "height": {"step": 16},
        "data": {"values": data},
        "mark": "bar",
        "encoding": {
            "y": {"field": "item", "type": "nominal", "sort": None, "axis": {"title": None}},
            "yOffset": {"field": "phase", "sort": [_("Before"), _("After")]},
            "x": {"field": "score", "type": "quantitative", "axis": {"title": None}},
            "color": {
                "field": "phase",
                "scale": {"domain": [_("Before"), _("After")], "range": ["#adb5bd", "#1971c2"]},
                "legend": {"title": None, "orient": "top"},
            },
        },
    }
    table = [(item, f"{before:g}", f"{after:g}", f"{after - before:+g}") for item, before, after in rows]
    carries = {"grown": grown, "abilities": len(rows)}
    return Outcome([sentence], spec, "", (_("Item"), _("Before"), _("After"), _("Difference")), table, carries)
