"""Activity plan (Gantt): what is to be done from when to when, and when it really was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.web.improve.tools.outcome import Outcome, rows_of, text


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None


def outcome(values: Mapping[str, Any]) -> Outcome:
    """Bars planned and real, and what is late today."""
    today = timezone.localdate()
    bars, late, planned = [], [], 0
    for row in rows_of(values, "activities"):
        what, start, end, begun, done = (
            text(row.get("what")),
            *(_day(row.get(k)) for k in ("start", "end", "begun", "done")),
        )
        if not what or not start or not end or end < start:
            continue
        planned += 1
        bars.append({"what": what, "kind": _("Planned"), "from": start.isoformat(), "to": end.isoformat()})
        if begun:
            bars.append({"what": what, "kind": _("Real"), "from": begun.isoformat(), "to": (done or today).isoformat()})
        if end < today and not done:
            late.append(what)
    if not bars:
        return Outcome()
    sentences = [ngettext("%(n)d activity planned.", "%(n)d activities planned.", planned) % {"n": planned}]
    if late:
        sentences.append(_("Late: %(names)s.") % {"names": _(", ").join(late)})
    columns = (_("Activity"), _("Kind"), _("First day"), _("Last day"))
    rows = [(bar["what"], bar["kind"], bar["from"], bar["to"]) for bar in bars]
    return Outcome(sentences, _drawn(bars), "", columns, rows, {"late": late})


def _drawn(bars: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": "container",
        "height": {"step": 18},
        "data": {"values": bars},
        "mark": {"type": "bar", "cornerRadius": 3},
        "encoding": {
            "y": {"field": "what", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 160}},
            "yOffset": {"field": "kind", "sort": [_("Planned"), _("Real")]},
            "x": {
                "field": "from",
                "type": "temporal",
                "axis": {"title": None, "format": "%Y-%m-%d", "labelAngle": -30},
            },
            "x2": {"field": "to"},
            "color": {
                "field": "kind",
                "scale": {"domain": [_("Planned"), _("Real")], "range": ["#a5d8ff", "#0b7285"]},
                "legend": {"title": None, "orient": "top"},
            },
        },
    }
