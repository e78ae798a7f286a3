"""Signals as rows of the inbox: fifty stand on a page, so they are put together without a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape
from typing import Any

from django.template.defaultfilters import floatformat
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.standards import Pack
from xunzhi.web.installation import indicator_name
from xunzhi.web.monitor.words import language, say
from xunzhi.web.signals.models import Signal
from xunzhi.web.tags import icon

COLUMNS = (
    "pk", "indicator", "unit__name", "kind", "owner", "last_month", "months", "value", "centre", "provisional",
    "places", "urgent", "state", "case__number",
)  # fmt: skip
"""What a row shows of a signal."""

LOOK = {"improvement": ("better", "circle-check"), "neutral": ("unchanged", "info-circle")}
WORSE = "worse", "alert-triangle"
"""Class and icon of a kind."""


class Rows:
    """Rows in the reader's language, with the names that the standards give."""

    def __init__(self, pack: Pack):
        self.indicators, self.language, self.say = pack.indicators, language(), say()
        self.kinds = {value: str(label) for value, label in Signal.Kind.choices}
        self.states = {value: str(label) for value, label in Signal.State.choices}
        self.owners = {name: label(self.language) for name, label in pack.manifest.owners.items()}
        self.usually, self.provisional = _("usually"), _("provisional")

    def of(self, signals: Iterable[Mapping[str, Any]]) -> list[tuple[bool, SafeString]]:
        """For each signal (COLUMNS) whether it is within the alert budget, and its row."""
        return [(signal["urgent"], self._row(signal)) for signal in signals]

    def _row(self, signal: Mapping[str, Any]) -> SafeString:
        look, sign = LOOK.get(signal["kind"], WORSE)
        tone = "orange" if signal["state"] == Signal.State.NEW else "secondary"
        number = signal["case__number"]
        case = f' <span class="text-secondary small">{escape(number)}</span>' if number else ""
        html = (
            f'<a class="list-group-item list-group-item-action" href="/signals/{signal["pk"]}">'
            f'<div class="row align-items-center g-2"><div class="col-auto {look}">{icon(sign)}</div>'
            f'<div class="col">{self._what(signal)}</div><div class="col-auto text-end">{self._figures(signal)}</div>'
            f'<div class="col-12 col-sm-auto"><span class="badge bg-{tone}-lt">{escape(self.states[signal["state"]])}'
            f"</span>{case}</div></div></a>"
        )
        return mark_safe(html)  # noqa: S308 - every text is escaped here and below

    def _what(self, signal: Mapping[str, Any]) -> str:
        name = indicator_name(signal["indicator"])
        words = [signal["unit__name"]]
        if (others := len(signal["places"]) - 1) > 0:
            words.append(ngettext("and %(n)s more chart", "and %(n)s more charts", others) % {"n": others})
        line = " · ".join((*words, self.kinds[signal["kind"]], self.owners.get(signal["owner"], "")))
        return f'<div class="fw-bold">{escape(name)}</div><div class="text-secondary small">{escape(line)}</div>'

    def _figures(self, signal: Mapping[str, Any]) -> str:
        indicator = self.indicators.get(signal["indicator"])
        unit = self.say.unit(indicator.unit) if indicator else ""
        when = [self.say.period(signal["last_month"])]
        if signal["months"] > 1:
            when.append(_("%(n)s months") % {"n": signal["months"]})
        if signal["provisional"]:
            when.append(self.provisional)
        value, centre = (_short(signal[name], self.language) for name in ("value", "centre"))
        return (
            f'<div class="number"><b>{value}</b> <small>{escape(unit)}</small> '
            f'<span class="text-secondary small">{escape(self.usually)} {centre}</span></div>'
            f'<div class="text-secondary small">{escape(" · ".join(when))}</div>'
        )


@lru_cache(maxsize=4096)
def _short(value: float, _language: str) -> str:
    """A number with two decimals, or none if it is whole."""
    return floatformat(value, "-2")
