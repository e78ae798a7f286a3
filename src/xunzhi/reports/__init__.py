"""Bulletins from results, as Word, PDF, Excel and HTML.

    source = Source(readings, "H1", "2026-09")        # read once
    bulletin = build(source, "zh")                    # the hospital; build(source, "zh", "D8") a department
    content = RENDERERS["pdf"](bulletin)              # bytes

`figures.control_chart` turns a row of a chart block into a Vega-Lite specification, its words and its table.
"""

from __future__ import annotations

from xunzhi.reports.build import build
from xunzhi.reports.profile import Profile, read_profile
from xunzhi.reports.render import RENDERERS
from xunzhi.reports.source import Source

__all__ = ["RENDERERS", "Profile", "Source", "build", "read_profile"]
