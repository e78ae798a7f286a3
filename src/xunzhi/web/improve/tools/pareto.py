"""Pareto: which few causes make up most of the problem (Juran's vital few; 80 % unless said otherwise)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, number, rows_of, text

VITAL_SHARE = 80.0
"""Per cent that the vital few make up together, where the form names no other."""


def outcome(values: Mapping[str, Any]) -> Outcome:
    """Causes by size with their cumulative share; `carries["focus"]` is the share of the vital few, in per cent."""
    counts: dict[str, float] = {}
    for row in rows_of(values, "causes"):
        size, cause = number(row.get("count")), text(row.get("cause"))
        if cause and size and size > 0:
            counts[cause] = counts.get(cause, 0.0) + size
    if not counts:
        return Outcome()
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    limit = number(values.get("share")) or VITAL_SHARE
    total, running, vital, rows = sum(counts.values()), 0.0, [], []
    for cause, size in ordered:
        chosen = running / total * 100 < limit
        running += size
        if chosen:
            vital.append(cause)
            focus = running / total * 100
        rows.append((cause, size, size / total * 100, running / total * 100, chosen))
    sentence = _("%(few)s of %(all)s causes make up %(share).1f%%: %(names)s.") % {
        "few": len(vital), "all": len(rows), "share": focus, "names": _(", ").join(vital),
    }  # fmt: skip
    table = [(cause, f"{size:g}", f"{share:.1f}%", f"{cumulative:.1f}%") for cause, size, share, cumulative, _c in rows]
    columns = (_("Cause"), _("Count"), _("Share"), _("Cumulative share"))
    return Outcome([sentence], _drawn(rows, limit), "", columns, table, {"focus": focus, "vital": vital})


def _drawn(rows: list[tuple[str, float, float, float, bool]], limit: float) -> dict[str, Any]:
    data = [
        {"cause": cause, "count": size, "cumulative": cumulative, "vital": vital}
        for cause, size, _s, cumulative, vital in rows
    ]
    x = {
        "field": "cause",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelAngle": -30, "labelLimit": 120},
    }
    share = {"type": "quantitative", "scale": {"domain": [0, 100]}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": "container",
        "height": 260,
        "data": {"values": data},
        "resolve": {"scale": {"y": "independent"}},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "x": x,
                    "y": {"field": "count", "type": "quantitative", "axis": {"title": _("Count")}},
                    "color": {"condition": {"test": "datum.vital", "value": "#d9480f"}, "value": "#adb5bd"},
                    "tooltip": [{"field": "cause", "title": _("Cause")}, {"field": "count", "title": _("Count")}],
                },
            },
            {
                "layer": [
                    {
                        "mark": {"type": "line", "point": True, "color": "#1971c2"},
                        "encoding": {
                            "x": x,
                            "y": {"field": "cumulative", "axis": {"title": _("Cumulative share")}, **share},
                        },
                    },
                    {
                        "mark": {"type": "rule", "strokeDash": [4, 4], "color": "#868e96"},
                        "encoding": {"y": {"datum": limit, **share}},
                    },
                ]
            },
        ],
    }
