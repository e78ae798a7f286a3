"""Baselines that the program proposes: charts whose level moved and stayed, in the order in which one looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from weakref import WeakKeyDictionary

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi import spc
from xunzhi.measures import HOSPITAL
from xunzhi.measures.charts import Block
from xunzhi.reports.figures import BETWEEN_EVENTS
from xunzhi.reports.quantities import shown, with_unit
from xunzhi.web.installation import indicator_name, pack
from xunzhi.web.monitor.readmodel import Model, current
from xunzhi.web.monitor.services import place_name
from xunzhi.web.monitor.words import say

DEPARTMENT = "department"


@dataclass(frozen=True)
class Proposed:
    """A new baseline that the program proposes.

    `before` and `after` are the levels, in the unit of the indicator; of charts between events (`chart` g or t) the
    cases or days from one event to the next. `points` counts the months, or the events, since the level moved.
    """

    indicator: str
    institution: str
    stratum: str
    unit: str
    place: str
    first: str
    last: str
    chart: str
    before: float
    after: float
    points: int

    @property
    def key(self) -> str:
        """What the form sends back."""
        return "|".join((self.institution, self.stratum, self.unit, self.indicator, self.first))

    @property
    def name(self) -> str:
        """Name of the indicator in the reader's language."""
        return indicator_name(self.indicator)

    @property
    def area(self) -> str:
        """Area of the indicator."""
        return pack().indicators[self.indicator].area

    @property
    def size(self) -> float:
        """The change as a share of the larger level: 0 none, 1 from or to nothing."""
        largest = max(abs(self.before), abs(self.after))
        return abs(self.after - self.before) / largest if largest else 0.0

    @property
    def better(self) -> bool | None:
        """Whether the new level is the better one; None for indicators without a good side."""
        direction = pack().indicators[self.indicator].direction
        if direction == "monitor":
            return None
        rises = self.after > self.before
        if self.chart in BETWEEN_EVENTS:  # the longer from one event to the next, the fewer there are
            rises = not rises
        return rises == (direction == "higher")

    @property
    def told(self) -> str:
        """What changed, from which month, how large, and for how long."""
        words = {"first": self.first, "before": self._level(self.before), "after": self._level(self.after)}
        if self.chart in BETWEEN_EVENTS:
            text = ngettext(
                "Since %(first)s: %(after)s between events instead of %(before)s, over %(n)d event.",
                "Since %(first)s: %(after)s between events instead of %(before)s, over %(n)d events.",
                self.points,
            )
        elif self.after > self.before:
            text = _("Since %(first)s up from %(before)s to %(after)s (%(change)s), and there for %(n)d months.")
        else:
            text = _("Since %(first)s down from %(before)s to %(after)s (%(change)s), and there for %(n)d months.")
        return text % {**words, "change": self._change(), "n": self.points}

    def _level(self, value: float) -> str:
        size = abs(value)
        text = shown(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3)
        if self.chart in BETWEEN_EVENTS:
            return (_("%(n)s days") if self.chart == "t" else _("%(n)s cases")) % {"n": text}
        return with_unit(text, say().unit(pack().indicators[self.indicator].unit))

    def _change(self) -> str:
        if not self.before:
            return _("from nothing")
        return f"{(self.after - self.before) / abs(self.before) * 100:+.0f}%"


_known: WeakKeyDictionary[Model, dict[str, list[Proposed]]] = WeakKeyDictionary()


def proposals(institution: str) -> list[Proposed]:
    """New baselines for charts whose level moved and stayed: the whole hospital first, then the largest changes."""
    model = current()
    if model is None:
        return []
    known = _known.setdefault(model, {})
    if institution not in known:
        found = [one for stratum in (HOSPITAL, DEPARTMENT) for one in _of_stratum(model, institution, stratum)]
        known[institution] = sorted(found, key=lambda one: (one.stratum != HOSPITAL, -one.size))
    return known[institution]


def _of_stratum(model: Model, institution: str, stratum: str) -> Iterator[Proposed]:
    for block in (model.charts(institution, stratum) or {}).values():
        for proposal in spc.propose_rebase(block.limits):
            row = proposal.series[0] if proposal.series else 0
            month = int(block.month_of_point[row, proposal.start])
            if month >= 0:
                place = place_name(institution, stratum, block.units[row])
                yield _proposed(block, proposal, row, block.months[month], place)


def _proposed(block: Block, proposal: spc.Proposal, row: int, first: str, place: str) -> Proposed:
    known = [month for month, value in zip(block.months, block.value[row], strict=True) if not isnan(value)]
    return Proposed(
        indicator=block.indicator.id,
        institution=block.institution,
        stratum=block.stratum,
        unit=block.units[row],
        place=place,
        first=first,
        last=known[-1],
        chart=block.chart,
        before=proposal.before,
        after=proposal.after,
        points=proposal.points,
    )
