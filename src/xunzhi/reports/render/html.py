"""HTML: one file that loads nothing, for screens of any width, light or dark, and for print."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from xunzhi.reports.drawing import svg_of
from xunzhi.reports.icons import icon, sparkline
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Bulletin, Figure, Spark, Verdict


def render(bulletin: Bulletin) -> bytes:
    """The bulletin as one HTML file."""
    say = Messages(bulletin.language)
    return _environment().get_template("bulletin.html.j2").render(bulletin=bulletin, say=say).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("xunzhi.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"icon": _icon, "sparkline": _sparkline, "chart": _chart}
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    return environment


def _icon(verdict: Verdict) -> Markup:
    return Markup(icon(verdict))  # noqa: S704  drawn here, of numbers only


def _sparkline(spark: Spark) -> Markup:
    return Markup(sparkline(spark))  # noqa: S704  drawn here, of numbers only


def _chart(figure: Figure) -> Markup:
    return Markup(svg_of(figure))  # noqa: S704  Vega escapes the texts of a chart
