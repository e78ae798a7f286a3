"""Charts for the screen: the figures of the bulletins, as wide as the page, with zoom, tooltips and marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.reports.figures import BETWEEN_EVENTS, LIMIT_COLOUR, config
from xunzhi.reports.icons import COLOURS, MUTED

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MARK_COLOUR = "#7b3fa0"
HEIGHT = 300
ROOM = {"x": 14, "y": 16}
"""Pixels beside the outermost points of a chart."""

MARK_LINES, LINE = 4, 14
"""The texts of marks next to each other stand on so many lines, each of so many pixels."""


@dataclass(frozen=True)
class Mark:
    """A day at which something was begun or changed, to be drawn on charts."""

    day: date
    label: str
    link: str = ""


def on_screen(spec: Mapping[str, Any], chart: str, unit: str, marks: Sequence[Mark] = ()) -> Spec:
    """A control chart of a bulletin, for the screen."""
    layers = [dict(layer) for layer in spec["layer"]]
    layers = [_with_tooltip(layer, chart, unit) if _is_points(layer) else layer for layer in layers]
    for layer in layers:
        _stretch(layer)
        _pad(layer)
        _name_axes(layer, chart, unit)
    if chart not in BETWEEN_EVENTS and marks:
        layers += _marks(marks, spec["data"]["values"])
    layers[0] = {**layers[0], "params": [_zoom()]}
    return {**spec, "$schema": SCHEMA, **_size(), "layer": layers}


def _size() -> Spec:
    return {"width": "container", "height": HEIGHT, "autosize": {"type": "fit", "contains": "padding"}}


def _zoom() -> Spec:
    """Drag moves along the months, the wheel with Ctrl zooms, a double click shows all again."""
    return {
        "name": "zoom",
        "select": {"type": "interval", "encodings": ["x"], "zoom": "wheel![event.ctrlKey]"},
        "bind": "scales",
    }


def _is_points(layer: Mapping[str, Any]) -> bool:
    mark = layer.get("mark")
    return isinstance(mark, dict) and mark.get("type") == "point"


def _with_tooltip(layer: Spec, chart: str, unit: str) -> Spec:
    fields = (
        ("month", _("Month")),
        ("value", _("Value")),
        ("centre", _("Centre line")),
        ("lower", _("Lower limit")),
        ("upper", _("Upper limit")),
    )
    suffix = "" if chart in BETWEEN_EVENTS else f" ({unit})" if unit else ""
    shown = [
        {
            "field": name,
            "title": title + (suffix if name == "value" else ""),
            **({} if name == "month" else {"format": ",.4~g"}),
        }
        for name, title in fields
    ]
    return {**layer, "encoding": {**layer["encoding"], "tooltip": shown}}


def _stretch(layer: Spec) -> None:
    """What stood at the right end of a chart of fixed width stands at the right end of any width."""
    for inner in layer.get("layer", ()):
        x = inner.get("encoding", {}).get("x")
        if isinstance(x, dict) and isinstance(x.get("value"), int | float):
            inner["encoding"] = {**inner["encoding"], "x": {"value": "width"}}


def _pad(layer: Spec) -> None:
    """Room beside the outermost points."""
    for name, pixels in ROOM.items():
        axis = layer.get("encoding", {}).get(name, {})
        if "field" in axis:
            padded = {**axis, "scale": {**axis.get("scale", {}), "padding": pixels}}
            layer["encoding"] = {**layer["encoding"], name: padded}


def _name_axes(layer: Spec, chart: str, unit: str) -> None:
    """Say what stands on the axes; charts of events say it already."""
    if chart in BETWEEN_EVENTS or "encoding" not in layer:
        return
    titles = {"x": _("Month"), "y": f"{_('Value')} ({unit})" if unit else _("Value")}
    for name, title in titles.items():
        axis = layer["encoding"].get(name, {})
        if "axis" in axis:
            named = {**axis, "axis": {**axis["axis"], "title": title}}
            layer["encoding"] = {**layer["encoding"], name: named}


def _marks(marks: Iterable[Mark], points: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """Marks with their texts to the right, in the later half to the left, on lines of their own: all can be read."""
    late = str(points[len(points) // 2]["at"]) if points else ""
    days = sorted((f"{mark.day:%Y-%m}-01", mark.label) for mark in marks)
    values: list[dict[str, Any]] = [
        {"at": day, "text": label, "early": day < late, "line": place % MARK_LINES}
        for place, (day, label) in enumerate(days)
    ]
    base = {"x": {"field": "at", "type": "temporal"}}
    side = {"align": {"expr": "datum.early ? 'left' : 'right'"}, "dx": {"expr": "datum.early ? 4 : -4"}}
    dy = {"expr": f"-4 - {LINE} * datum.line"}
    text = {"type": "text", "baseline": "bottom", "dy": dy, "color": MARK_COLOUR, **side}
    rule = {"type": "rule", "color": MARK_COLOUR, "strokeWidth": 1.6}
    return [
        {"data": {"values": values}, "mark": rule, "encoding": {**base, "tooltip": [{"field": "text", "title": ""}]}},
        {
            "data": {"values": values},
            "mark": text,
            "encoding": {**base, "y": {"value": "height"}, "text": {"field": "text"}},
        },
    ]


def stretched(spec: Mapping[str, Any]) -> Spec:
    """A funnel plot for the screen, with the names of departments in tooltips."""
    return {**spec, "$schema": SCHEMA, **_size()}


def of_periods(rows: Sequence[Mapping[str, Any]], unit: str, target: float | None) -> Spec:
    """Values of quarters or years with their intervals: too few for control limits."""
    values = [{name: row[name] for name in ("period", "value", "lower", "upper", "provisional")} for row in rows]
    x = {"field": "period", "type": "ordinal", "axis": {"title": None, "labelAngle": 0}}
    y = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": unit}}
    tooltip = [{"field": "period", "title": _("Period")}, {"field": "value", "title": _("Value"), "format": ",.4~g"}]
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": LIMIT_COLOUR, "strokeWidth": 1.4},
            "transform": [{"filter": "datum.lower != null && datum.upper != null"}],
            "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
        },
        {
            "mark": {"type": "line", "color": MUTED, "strokeWidth": 1.2},
            "encoding": {"x": x, "y": {**y, "field": "value"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": COLOURS["neutral"]},
            "encoding": {"x": x, "y": {**y, "field": "value"}, "tooltip": tooltip},
        },
    ]
    if target is not None:
        layers.append(
            {"mark": {"type": "rule", "color": "#0b7a5b", "strokeDash": [8, 3]}, "encoding": {"y": {"datum": target}}}
        )
    return _framed(values, layers)


def year_on_year(values: Sequence[Mapping[str, Any]], unit: str) -> Spec:
    """One line for each year over the months of the year; the newest year stands out."""
    newest = max((row["year"] for row in values), default="")
    years = sorted({row["year"] for row in values})
    shades = ["#b4bec6", "#8494a0", "#5f6f7c"][-(len(years) - 1) :] if len(years) > 1 else []
    colours = [*(["#b4bec6"] * (len(years) - 1 - len(shades))), *shades, COLOURS["improvement"]]
    encoding = {
        "x": {"field": "month", "type": "ordinal", "axis": {"title": None, "labelAngle": 0}},
        "y": {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": {"title": unit}},
        "color": {
            "field": "year",
            "type": "nominal",
            "scale": {"domain": years, "range": colours},
            "legend": {"title": None, "orient": "top"},
        },
        "strokeWidth": {"condition": {"test": f"datum.year == '{newest}'", "value": 2.6}, "value": 1.3},
        "tooltip": [
            {"field": "year", "title": _("Year")},
            {"field": "month", "title": _("Month")},
            {"field": "value", "title": _("Value"), "format": ",.4~g"},
        ],
    }
    return _framed(values, [{"mark": {"type": "line", "point": {"size": 28}}, "encoding": encoding}], 220)


def _framed(values: Sequence[Mapping[str, Any]], layers: list[Spec], height: int = HEIGHT) -> Spec:
    return {
        "$schema": SCHEMA,
        **_size(),
        "height": height,
        "data": {"values": [dict(row) for row in values]},
        "layer": layers,
        "config": config(),
    }
