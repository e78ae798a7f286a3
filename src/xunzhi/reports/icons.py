"""Icons and sparklines, drawn here as SVG: told apart by shape as well as by colour, without any letters."""

from __future__ import annotations

from collections.abc import Sequence

from xunzhi.reports.model import Spark, Verdict

INK, MUTED, PAPER = "#26323d", "#8494a0", "#ffffff"
COLOURS = {
    "improvement": "#0072b2",
    "concern": "#d55e00",
    "neutral": "#7b3fa0",
    "both": "#a06a00",
    "common_cause": "#66727d",
    "passes": "#0072b2",
    "fails": "#d55e00",
    "varies": "#66727d",
    "none": "#8494a0",
}
"""After Okabe and Ito: blue and vermilion stay apart for every kind of colour vision."""

SIZE = 24
ARROW = "M12 5.2 L17.4 11.6 H13.9 V18.6 H10.1 V11.6 H6.6 Z"
FLAT = "M6 13.4 C8 9.4 10 9.4 12 12.4 S16 15.4 18 11.4"
CHECK = "M6.8 12.6 L10.6 16.4 L17.4 8.4"
CROSS = "M8.4 8.4 L15.6 15.6 M15.6 8.4 L8.4 15.6"
WAVER = "M6 15.5 L9.2 8.8 L12.4 15.2 L15.4 8.8 L18 13.6"
DASH = "M8 12 H16"

SHAPES = {
    "circle": '<circle cx="12" cy="12" r="10.4" {paint}/>',
    "diamond": '<path d="M12 0.8 L23.2 12 L12 23.2 L0.8 12 Z" {paint}/>',
    "square": '<rect x="2" y="2" width="20" height="20" rx="2" {paint}/>',
    "hexagon": '<path d="M6.4 1.8 H17.6 L23.2 12 L17.6 22.2 H6.4 L0.8 12 Z" {paint}/>',
}
LOOK = {
    "improvement": ("circle", True, ARROW),
    "concern": ("diamond", True, ARROW),
    "neutral": ("square", True, ARROW),
    "both": ("hexagon", True, CROSS),
    "common_cause": ("circle", False, FLAT),
    "passes": ("circle", True, CHECK),
    "fails": ("diamond", True, CROSS),
    "varies": ("circle", False, WAVER),
    "none": (None, False, DASH),
}
"""Verdict → outline, whether it is filled, and the sign within."""


def icon(verdict: Verdict) -> str:
    """A verdict as SVG, 24 × 24."""
    outline, filled, sign = LOOK[verdict.kind]
    colour = COLOURS[verdict.kind]
    paint = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}" stroke-width="1.8"'
    shape = SHAPES[outline].format(paint=paint) if outline else ""
    return _svg(SIZE, SIZE, shape + _sign(sign, PAPER if filled else colour, verdict.side))


def _sign(path: str, colour: str, side: int) -> str:
    if path == ARROW:
        if side == 0:
            return f'<circle cx="12" cy="12" r="3.4" fill="{colour}"/>'
        turn = ' transform="rotate(180 12 12)"' if side < 0 else ""
        return f'<path d="{path}" fill="{colour}"{turn}/>'
    stroke = f'stroke="{colour}" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{path}" fill="none" {stroke}/>'


def _svg(width: float, height: float, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{inside}</svg>'
    )


WIDTH, HEIGHT, MARGIN = 92, 22, 4


def sparkline(spark: Spark) -> str:
    """A small line as SVG: the target dashed, the last point coloured, hollow while provisional."""
    levels = [value for value in (*spark.values, spark.target) if value is not None]
    if not any(value is not None for value in spark.values):
        return _svg(WIDTH, HEIGHT, "")
    low, high = min(levels), max(levels)
    spread = high - low or 1.0
    step = (WIDTH - 2 * MARGIN) / max(1, len(spark.values) - 1)

    def at(value: float) -> float:
        middle = 0.5 if high == low else (value - low) / spread
        return round(HEIGHT - MARGIN - middle * (HEIGHT - 2 * MARGIN), 1)

    inside = ""
    if spark.target is not None:
        y = at(spark.target)
        inside += f'<path d="M0 {y} H{WIDTH}" stroke="#0b7a5b" stroke-width="0.9" stroke-dasharray="3 2" fill="none"/>'
    points = [
        None if value is None else (round(MARGIN + i * step, 1), at(value)) for i, value in enumerate(spark.values)
    ]
    path = _path(points)
    inside += f'<path d="{path}" fill="none" stroke="{MUTED}" stroke-width="1.3" stroke-linejoin="round"/>'
    if points[-1] is not None:
        colour = COLOURS[spark.kind]
        paint = f'fill="{PAPER}" stroke="{colour}" stroke-width="1.5"' if spark.provisional else f'fill="{colour}"'
        inside += f'<circle cx="{points[-1][0]}" cy="{points[-1][1]}" r="2.8" {paint}/>'
    return _svg(WIDTH, HEIGHT, inside)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Lines between neighbours; a lone point is a short stroke, a gap stays a gap."""
    parts, drawing = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if drawing else 'M'}{point[0]:g} {point[1]:g}" + ("" if drawing else "h0.01"))
        drawing = point is not None
    return " ".join(parts)
