"""Standards: what good looks like, as text files in a pack. Start at :func:`load_pack`."""

from __future__ import annotations

from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.grains import Grain, Link
from xunzhi.standards.indicators import Aggregate, Case, Indicator, Revision
from xunzhi.standards.pack import Pack, load_pack
from xunzhi.standards.tables import Check, CodeList, Column, ColumnType, Label, Table

__all__ = [
    "Aggregate",
    "Case",
    "Check",
    "CodeList",
    "Column",
    "ColumnType",
    "Grain",
    "Indicator",
    "Label",
    "Link",
    "Pack",
    "Problem",
    "Revision",
    "StandardsError",
    "Table",
    "load_pack",
]
