"""What a tool makes of what was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """A tool's result.

    Attributes:
        sentences: what it says, in the reader's language; the first one serves as the text of the picture.
        spec: a Vega-Lite specification, if the tool draws one.
        svg: a finished drawing instead; made by us, texts escaped.
        columns, rows: the figures as a table.
        carries: what later tools take over, such as the share that the chosen causes make up.
    """

    sentences: Sequence[str] = ()
    spec: Mapping[str, Any] | None = None
    svg: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    carries: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.sentences or self.rows or self.spec or self.svg)


def number(value: Any) -> float | None:
    """A number as a form may hold it; None where there is none."""
    try:
        found = float(str(value).replace(",", "").strip())
    except (TypeError, ValueError):
        return None
    return found if abs(found) < float("inf") else None


def text(value: Any) -> str:
    """A text as a form may hold it, trimmed."""
    return str(value or "").strip()


def rows_of(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The rows of a table field that hold anything."""
    rows = values.get(name)
    if not isinstance(rows, list | tuple):
        return []
    return [row for row in rows if isinstance(row, Mapping) and any(text(cell) for cell in row.values())]
