"""Charts as data: a row of a block becomes a Vega-Lite specification, the same in words, and a table.

The specification is a plain dict for Vega-Lite 5 and newer: the same in a browser, in PDF and in Word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xunzhi import spc
from xunzhi.measures.charts import Block
from xunzhi.measures.signals import KINDS
from xunzhi.reports.icons import COLOURS, INK, MUTED, PAPER
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Cell, Column, Figure, Key, Number, Sentence, TableBlock
from xunzhi.reports.quantities import shown, whole_or, with_unit
from xunzhi.standards.indicators import Target

BETWEEN_EVENTS = ("g", "t")
SHOWN_POINTS = 36
WIDTH, HEIGHT = 400, 170
FONT = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
GRID_COLOUR, LIMIT_COLOUR, TARGET_COLOUR, BREAK_COLOUR = "#e3e8ec", "#8494a1", "#0b7a5b", "#8a5a00"
POINTS = {
    "common_cause": ("circle", 34),
    "improvement": ("circle", 80),
    "concern": ("diamond", 110),
    "neutral": ("square", 80),
    "both": ("cross", 110),
}
"""Verdict → shape and area of a point."""

Spec = dict[str, Any]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Named:
    """How a chart is called: its id in the document, its title, the name of its unit ('' for the whole hospital)."""

    id: str
    title: str
    unit: str
    decimals: int


def config() -> Spec:
    """How all charts look."""
    text = {"font": FONT, "labelFont": FONT, "titleFont": FONT}
    axis = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"}
    lines = {"gridColor": GRID_COLOUR, "domainColor": LIMIT_COLOUR, "tickColor": LIMIT_COLOUR}
    return {
        "font": FONT,
        "background": PAPER,
        "view": {"stroke": None},
        "axis": {"labelFont": FONT, "titleFont": FONT, **axis, **lines},
        "text": {"font": text["font"], "fontSize": 11},
    }


def control_chart(block: Block, row: int, named: Named, say: Messages, caption: Sentence | None = None) -> Figure:
    """The control chart of one unit, its latest points, over a caption (else its summary).

    Points are coloured and shaped by their verdict and hollow while provisional; limits are steps; the target is a
    line; a vertical line marks where a phase begins or the definition changed.
    """
    points = _points(block, row)
    summary = _in_words(block, row, named, say)
    spec = _control_spec(block, points, _marks(points, say), say)
    return Figure(named.id, named.title, spec, summary, _table(points, named, block, say), caption or summary)


def _points(block: Block, row: int) -> list[dict[str, Any]]:
    """The chart's latest points as rows, from the first with a value; a month without one has lines but no point."""
    limits, month = block.limits, block.month_of_point[row]
    known = ~np.isnan(limits.value[row])
    begun = np.maximum.accumulate(known)
    places = np.flatnonzero((month >= 0) & (known if block.chart in BETWEEN_EVENTS else begun))[-SHOWN_POINTS:]
    return [
        {
            "place": int(place),
            "month": block.months[int(month[place])],
            "at": int(place) + 1 if block.chart in BETWEEN_EVENTS else f"{block.months[int(month[place])]}-01",
            **{line: _known(getattr(limits, line)[row, place]) for line in ("value", "centre", "lower", "upper")},
            "verdict": KINDS[int(block.verdicts[row, place])],
            "provisional": bool(block.provisional[row, int(month[place])]),
            "phase": int(limits.phase[row, place]),
            "revision": int(block.revision[row, int(month[place])]),
        }
        for place in map(int, places)
    ]


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _marks(points: Sequence[Mapping[str, Any]], say: Messages) -> list[dict[str, Any]]:
    """Where a phase begins, and whether it is the definition that changed."""
    found = []
    for before, after in pairwise(points):
        if after["phase"] != before["phase"]:
            redefined = after["revision"] != before["revision"]
            found.append({"at": after["at"], "text": say("chart.redefined" if redefined else "chart.new_phase")})
    return found


def _control_spec(
    block: Block, points: Sequence[Mapping[str, Any]], marks: Sequence[Mapping[str, Any]], say: Messages
) -> Spec:
    events = block.chart in BETWEEN_EVENTS
    x: Spec = {"field": "at", "type": "quantitative" if events else "temporal"}
    x |= (
        {
            "axis": {"title": say("chart.event"), "format": "d", "tickMinStep": 1, "grid": False},
            "scale": {"zero": False},
        }
        if events
        else {"axis": _months(len(points)), "scale": {"type": "utc"}}
    )
    unit = say(f"chart.unit_{block.chart}") if events else say.unit(block.indicator.unit)
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False, "nice": True}, "axis": {"title": unit}}
    base: Spec = {"x": x}
    target = None if events else block.indicator.target
    layers = [
        *_lines(base, y),
        *_breaks(base, marks),
        *([_target(base, target, points, say)] if target is not None and points else []),
        *_dots(base, y),
    ]
    values = [{name: point[name] for name in DRAWN} for point in points]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "layer": layers,
        "config": config(),
    }


def _months(points: int) -> Spec:
    """A month axis that is labelled every half year, or quarter where there is room."""
    every = {"interval": "month", "step": 3 if points <= QUARTERLY else 6}
    return {"title": None, "format": "%Y-%m", "tickCount": every, "grid": False, "labelFlush": False}


QUARTERLY = 24
DRAWN = ("at", "month", "value", "centre", "lower", "upper", "verdict", "provisional", "phase")


def _lines(base: Spec, y: Spec) -> list[Spec]:
    def line(field: str, colour: str, width: float, dash: list[int] | None, interpolate: str) -> Spec:
        mark = {"type": "line", "color": colour, "strokeWidth": width, "interpolate": interpolate}
        return {
            "mark": {**mark, **({"strokeDash": dash} if dash else {})},
            "encoding": {**base, "y": {**y, "field": field}, "detail": {"field": "phase", "type": "nominal"}},
        }

    return [
        line("upper", LIMIT_COLOUR, 1.2, [5, 3], "step"),
        line("lower", LIMIT_COLOUR, 1.2, [5, 3], "step"),
        line("centre", INK, 1.1, None, "step"),
        line("value", MUTED, 1.2, None, "linear"),
    ]


def _dots(base: Spec, y: Spec) -> list[Spec]:
    kinds = list(POINTS)
    verdict = {"field": "verdict", "type": "nominal", "legend": None}
    colours = {"domain": kinds, "range": [COLOURS[kind] for kind in kinds]}
    encoding: Spec = {
        **base,
        "y": y,
        "shape": {**verdict, "scale": {"domain": kinds, "range": [POINTS[kind][0] for kind in kinds]}},
        "size": {**verdict, "scale": {"domain": kinds, "range": [POINTS[kind][1] for kind in kinds]}},
    }
    colour = {**verdict, "scale": colours}
    return [
        {
            "transform": [{"filter": "datum.value != null && !datum.provisional"}],
            "mark": {"type": "point", "filled": True, "opacity": 1},
            "encoding": {**encoding, "color": colour},
        },
        {
            "transform": [{"filter": "datum.value != null && datum.provisional"}],
            "mark": {"type": "point", "filled": False, "fill": PAPER, "opacity": 1, "strokeWidth": 1.8},
            "encoding": {**encoding, "stroke": colour},
        },
    ]


def _breaks(base: Spec, marks: Sequence[Mapping[str, Any]]) -> list[Spec]:
    if not marks:
        return []
    data = {"values": [dict(mark) for mark in marks]}
    text = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "dy": 2, "color": BREAK_COLOUR}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "color": BREAK_COLOUR, "strokeWidth": 1.2, "strokeDash": [2, 2]},
            "encoding": base,
        },
        {"data": data, "mark": text, "encoding": {**base, "y": {"value": 0}, "text": {"field": "text"}}},
    ]


def _target(base: Spec, target: Target, points: Sequence[Mapping[str, Any]], say: Messages) -> Spec:
    """A line across the chart, in steps where the target was changed, named at its right end."""
    first, last = points[0]["at"], points[-1]["at"]
    starts = [(f"{level.since}-01", level.value) for level in target.history] or [(first, target.value)]
    ends = [start for start, _value in starts[1:]] + [last]
    steps = [
        {"at": max(start, first), "to": min(end, last), "level": value}
        for (start, value), end in zip(starts, ends, strict=True)
        if value is not None and start <= last and end >= first
    ]
    place = {"datum": target.value, "type": "quantitative"}
    text = {"type": "text", "align": "right", "baseline": "bottom", "dx": -2, "dy": -2, "color": TARGET_COLOUR}
    rule = {"type": "rule", "color": TARGET_COLOUR, "strokeWidth": 1.4, "strokeDash": [8, 3, 2, 3]}
    level = {"field": "level", "type": "quantitative"}
    return {
        "layer": [
            {"data": {"values": steps}, "mark": rule, "encoding": {**base, "x2": {"field": "to"}, "y": level}},
            {
                "data": {"values": [{"text": say("chart.target", value=f"{target.value:g}")}]},
                "mark": text,
                "encoding": {"y": place, "x": {"value": WIDTH}, "text": {"field": "text"}},
            },
        ],
    }


def _in_words(block: Block, row: int, named: Named, say: Messages) -> Sentence:
    """What the chart's latest point says, for those who can't see it."""
    limits = block.limits
    known = np.flatnonzero(~np.isnan(limits.value[row]))
    if not len(known):
        return say.sentence("chart.nothing", indicator=named.title)
    point = int(known[-1])
    month = block.months[int(block.month_of_point[row, point])]
    key = Key(block.indicator.id, block.stratum, block.units[row] if block.stratum != "hospital" else "", month)
    unit = say(f"chart.unit_{block.chart}") if block.chart in BETWEEN_EVENTS else say.unit(block.indicator.unit)
    decimals = decimals_of(block, named)

    def number(measure: str, line: FloatArray) -> Number:
        value = float(line[row, point])
        return Number(with_unit(shown(value, decimals), unit), value, measure, (key,))

    lines = {"lower": limits.lower, "upper": limits.upper}
    limited = all(np.isfinite(line[row, point]) for line in lines.values())
    return say.sentence(
        "chart.summary" if limited else "chart.summary_run",
        indicator=named.title,
        month=say.period(month),
        value=number("point", limits.value),
        centre=number("centre", limits.centre),
        verdict=say(f"verdict.{KINDS[int(block.verdicts[row, point])]}"),
        **({name: number(name, line) for name, line in lines.items()} if limited else {}),
    )


def decimals_of(block: Block, named: Named) -> int:
    """Cases and days between events are whole; everything else is printed like its indicator."""
    return 0 if block.chart in BETWEEN_EVENTS else named.decimals


def _table(points: Sequence[Mapping[str, Any]], named: Named, block: Block, say: Messages) -> TableBlock:
    heads, decimals = ("month", "value", "centre", "lower", "upper", "verdict"), decimals_of(block, named)
    columns = tuple(Column(say(f"chart.column_{name}"), number=name not in ("month", "verdict")) for name in heads)

    def cells(point: Mapping[str, Any]) -> tuple[Cell, ...]:
        lines = (Cell(shown(point[n], decimals), point[n], decimals) for n in heads[1:-1])
        late = say("state.provisional") if point["provisional"] else ""
        return Cell(point["month"] + (f" ({late})" if late else "")), *lines, Cell(say(f"verdict.{point['verdict']}"))

    return TableBlock(f"{named.id}-data", named.title, columns, tuple(map(cells, points)))


@dataclass(frozen=True)
class Compared:
    """A unit on a funnel plot: its counts, value in the indicator's unit, and -1, 0, 1 for below, within, above."""

    unit: str
    name: str
    numerator: float
    denominator: float
    value: float
    z: float
    outlier: int
    kind: str


def funnel_chart(
    funnel: spc.Funnel, units: Sequence[Compared], named: Named, scale: float, unit: str, say: Messages
) -> Figure:
    """A funnel plot: units by size, with 95 % and 99.8 % limits; those outside are named."""
    sizes = np.array([item.denominator for item in units])
    along = np.unique(np.round(np.geomspace(max(sizes.min() * 0.8, 1), sizes.max() * 1.1, 60)))
    curves = []
    for name, probability in (("warning", spc.WARNING), ("alarm", spc.ALARM)):
        low, high = funnel.curve(along, probability)
        curves += [
            {"size": float(n), "low": float(a * scale), "high": float(b * scale), "limit": name}
            for n, a, b in zip(along, low.ravel(), high.ravel(), strict=True)
        ]
    target = float(funnel.target.ravel()[0]) * scale
    x = {
        "field": "size",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "axis": {"title": say("funnel.size"), "grid": False, "tickCount": 6},
    }
    y = {"type": "quantitative", "axis": {"title": unit}, "scale": {"zero": False}}
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT + 30,
        "layer": [
            *(_curve(curves, name, side, x, y) for name in ("warning", "alarm") for side in ("low", "high")),
            {
                "data": {"values": [{"target": target}]},
                "mark": {"type": "rule", "color": INK, "strokeWidth": 1.1},
                "encoding": {"y": {**y, "field": "target"}},
            },
            *_bubbles(units, x, y),
        ],
        "config": config(),
    }
    outside = [item for item in units if item.outlier]
    summary = say.sentence(
        "funnel.summary" if outside else "funnel.summary_none",
        indicator=named.title,
        units=Number(str(len(units)), len(units), "count"),
        centre=Number(with_unit(shown(target, named.decimals), unit), target, "funnel_target"),
        **({"names": say.listed([item.name for item in outside])} if outside else {}),
    )
    return Figure(named.id, named.title, spec, summary, _funnel_table(units, named, unit, say), summary)


def _curve(curves: Sequence[Spec], name: str, side: str, x: Spec, y: Spec) -> Spec:
    dash = {"strokeDash": [4, 3]} if name == "warning" else {}
    return {
        "data": {"values": [curve for curve in curves if curve["limit"] == name]},
        "mark": {"type": "line", "color": LIMIT_COLOUR, "strokeWidth": 1.2, **dash},
        "encoding": {"x": x, "y": {**y, "field": side}},
    }


def _bubbles(units: Sequence[Compared], x: Spec, y: Spec) -> list[Spec]:
    values = [
        {"size": item.denominator, "value": item.value, "name": item.name if item.outlier else "", "kind": item.kind}
        for item in units
    ]
    kinds = list(POINTS)
    kind = {"field": "kind", "type": "nominal", "legend": None}
    encoding: Spec = {"x": x, "y": {**y, "field": "value"}}
    dots: Spec = {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "opacity": 1},
        "encoding": {
            **encoding,
            "color": {**kind, "scale": {"domain": kinds, "range": [COLOURS[name] for name in kinds]}},
            "shape": {**kind, "scale": {"domain": kinds, "range": [POINTS[name][0] for name in kinds]}},
            "size": {**kind, "scale": {"domain": kinds, "range": [POINTS[name][1] for name in kinds]}},
        },
    }
    names = {"type": "text", "dy": -9, "color": INK, "fontSize": 10}
    return [dots, {"data": {"values": values}, "mark": names, "encoding": {**encoding, "text": {"field": "name"}}}]


def _funnel_table(units: Sequence[Compared], named: Named, unit: str, say: Messages) -> TableBlock:
    heads = ("unit", "numerator", "denominator", "value", "z", "verdict")
    columns = tuple(
        Column(say(f"funnel.column_{name}", unit=unit), number=name not in ("unit", "verdict")) for name in heads
    )
    rows = tuple(
        (
            Cell(item.name),
            Cell(whole_or(item.numerator), item.numerator),
            Cell(whole_or(item.denominator), item.denominator),
            Cell(shown(item.value, named.decimals), item.value, named.decimals),
            Cell(shown(item.z, 1), item.z, 1),
            Cell(say(f"funnel.outlier_{item.kind}"), tone=item.kind),
        )
        for item in units
    )
    return TableBlock(f"{named.id}-data", named.title, columns, rows)
