"""Fishbone (Ishikawa): causes by category, drawn as the bones of a fish whose head is the problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, rows_of, text

HEAD, COLUMN, LINE, MARGIN = 190, 250, 24, 20
"""Widths of the head and of a pair of bones, height of a line of text, and the margin, in pixels."""

TEXT_LIMIT = 15
"""Characters of a cause that are drawn; the whole one is in its title and in the table."""


def outcome(values: Mapping[str, Any]) -> Outcome:
    """The picture, and the causes marked as root causes; `carries["roots"]`."""
    bones: dict[str, list[tuple[str, str, bool]]] = {}
    for row in rows_of(values, "causes"):
        if text(row.get("cause")):
            bone = bones.setdefault(text(row.get("category")) or _("Other"), [])
            bone.append((text(row.get("cause")), text(row.get("detail")), bool(row.get("root"))))
    if not bones:
        return Outcome()
    causes = [(category, *cause) for category, found in bones.items() for cause in found]
    roots = [cause for _category, cause, _detail, root in causes if root]
    sentences = [_("%(n)d causes in %(m)d categories.") % {"n": len(causes), "m": len(bones)}]
    if roots:
        sentences.append(_("Root causes: %(roots)s.") % {"roots": _(", ").join(roots)})
    rows = [(category, cause, detail, "★" if root else "") for category, cause, detail, root in causes]
    columns = (_("Category"), _("Cause"), _("Finer cause"), _("Root cause"))
    return Outcome(sentences, None, drawn(text(values.get("problem")), bones), columns, rows, {"roots": roots})


def drawn(problem: str, bones: Mapping[str, Sequence[tuple[str, str, bool]]]) -> str:
    """The fish as SVG: bones lean from above and below towards the spine, each as tall as its causes need."""
    pairs = (len(bones) + 1) // 2
    height_of_bone = MARGIN + LINE * (1 + max(len(found) for found in bones.values()))
    spine, width = height_of_bone + 2 * LINE, MARGIN * 2 + pairs * COLUMN + HEAD
    parts = [
        f'<svg class="fishbone" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {spine * 2}" role="img">',
        f"<title>{escape(problem)}</title>",
        f'<line class="spine" x1="{MARGIN}" y1="{spine}" x2="{width - HEAD}" y2="{spine}"/>',
        f'<rect class="head" x="{width - HEAD}" y="{spine - 34}" width="{HEAD - MARGIN}" height="68" rx="10"/>',
        _wrapped(problem, width - HEAD + (HEAD - MARGIN) // 2, spine),
    ]
    for index, (category, found) in enumerate(bones.items()):
        above = index % 2 == 0
        foot = width - HEAD - 10 - (index // 2) * COLUMN
        parts.append(_bone(category, found, foot, spine, height_of_bone, -1 if above else 1))
    return "".join((*parts, "</svg>"))


def _bone(category: str, found: Sequence[tuple[str, str, bool]], foot: int, spine: int, height: int, side: int) -> str:
    lean = height * 0.45
    top_x, top_y = foot - lean, spine + side * height
    name_y = top_y + (16 if side > 0 else -6)
    parts = [
        f'<line class="bone" x1="{top_x:.0f}" y1="{top_y}" x2="{foot}" y2="{spine}"/>',
        f'<text class="category" x="{top_x:.0f}" y="{name_y}" text-anchor="middle">{escape(category)}</text>',
    ]
    for place, (cause, detail, root) in enumerate(found, start=1):
        y = top_y - side * (place * LINE - 2)
        x = foot - lean * abs(y - spine) / height
        shown = cause if len(cause) <= TEXT_LIMIT else cause[: TEXT_LIMIT - 1] + "…"
        whole = escape(": ".join(filter(None, (cause, detail))))
        parts.append(
            f'<g class="cause{" root" if root else ""}"><title>{whole}</title>'
            f'<line x1="{x - 130:.0f}" y1="{y}" x2="{x:.0f}" y2="{y}"/>'
            f'<text x="{x - 6:.0f}" y="{y - 4}" text-anchor="end">{"★ " if root else ""}{escape(shown)}</text></g>'
        )
    return "".join(parts)


def _wrapped(problem: str, x: int, y: int) -> str:
    lines = [problem[start : start + 10] for start in range(0, min(len(problem), 40), 10)]
    first = y - (len(lines) - 1) * 9 + 5
    spans = "".join(
        f'<tspan x="{x}" y="{first + place * 18}">{escape(line)}</tspan>' for place, line in enumerate(lines)
    )
    return f'<text class="problem" text-anchor="middle">{spans}</text>'
