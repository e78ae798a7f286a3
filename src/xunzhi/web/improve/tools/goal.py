"""Goal setting of quality circles: target = current ± (what can change) × focus × capability.

For a rate to be lowered: target = current − current × focus × capability; for one to be raised: target = current +
(ideal − current) × focus × capability. Focus is the share of the problem that the chosen causes make up (Pareto),
capability how much of it the circle believes it can solve. The formula is that of quality-circle handbooks
(品管圈目标设定公式); the pack cites it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, number


def target(current: float, focus: float, capability: float, *, higher: bool, ideal: float = 100.0) -> float:
    """The target in units of `current`; focus and capability in per cent."""
    room = (ideal - current) if higher else -current
    return current + room * focus / 100 * capability / 100


def outcome(values: Mapping[str, Any]) -> Outcome:
    """The target with its calculation; `carries["target"]` and `carries["current"]`."""
    current, focus, capability = (number(values.get(name)) for name in ("current", "focus", "capability"))
    if current is None or focus is None or capability is None:
        return Outcome()
    higher, ideal = values.get("direction") == "higher", number(values.get("ideal"))
    found = target(current, focus, capability, higher=higher, ideal=100.0 if ideal is None else ideal)
    change = (found - current) / current * 100 if current else 0.0
    sentences = [
        _("Target %(target).2f: from %(current).2f, a change of %(change)+.1f%%.")
        % {"target": found, "current": current, "change": change}
    ]
    room = f"({100.0 if ideal is None else ideal:g} − {current:g})" if higher else f"{current:g}"
    sentences.append(f"{current:g} {'+' if higher else '−'} {room} × {focus:g}% × {capability:g}% = {found:.2f}")
    rows = [(_("Current value"), f"{current:g}"), (_("Target"), f"{found:.2f}")]
    columns = (_("Phase"), _("Value"))
    return Outcome(sentences, _drawn(current, found), "", columns, rows, {"target": found, "current": current})


def _drawn(current: float, goal: float) -> dict[str, Any]:
    bars = [{"what": _("Current value"), "value": round(current, 3)}, {"what": _("Target"), "value": round(goal, 3)}]
    x = {"field": "what", "type": "nominal", "sort": None, "axis": {"title": None, "labelAngle": 0}}
    y = {"field": "value", "type": "quantitative", "axis": {"title": None}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 200,
        "height": 200,
        "data": {"values": bars},
        "layer": [
            {"mark": {"type": "bar", "color": "#1971c2", "width": 50}, "encoding": {"x": x, "y": y}},
            {"mark": {"type": "text", "dy": -8}, "encoding": {"x": x, "y": y, "text": {"field": "value"}}},
        ],
    }
