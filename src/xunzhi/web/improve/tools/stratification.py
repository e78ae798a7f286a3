"""Stratification: where the problem is, straight from the results, by department or ward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, text
from xunzhi.web.installation import pack
from xunzhi.web.monitor.comparing import Ranked, ranking
from xunzhi.web.monitor.readmodel import current


def outcome(values: Mapping[str, Any]) -> Outcome:
    """The units in the order of their values; those with too few cases are left out and counted.

    `values` also holds the project's `institution` and `names`, the units that may be called by name (code → name).
    """
    indicator, stratum, period = (text(values.get(name)) for name in ("indicator", "stratum", "period"))
    model = current()
    if model is None or indicator not in pack().indicators or not stratum or not period:
        return Outcome()
    try:
        source = model.period(text(values.get("institution")), period, stratum)
    except ValueError:
        return Outcome([_("There are no results for this period.")])
    rows = ranking(source, pack().indicators[indicator], values.get("names") or {}, _("another unit"))
    return _told([row for row in rows if row.rank is not None], sum(row.rank is None for row in rows))


def _told(ranked: list[Ranked], small: int) -> Outcome:
    if not ranked:
        return Outcome([_("No unit has enough cases in this period.")])
    sentences = [
        _("%(n)d units, from %(best)s to %(worst)s.")
        % {"n": len(ranked), "best": ranked[0].value, "worst": ranked[-1].value}
    ]
    if small:
        sentences.append(_("%(n)d units have too few cases to compare.") % {"n": small})
    rows = [(row.rank, row.name, row.value, row.counts, row.interval) for row in ranked]
    columns = (_("Rank"), _("Unit"), _("Value"), _("Numerator / denominator"), _("95% interval"))
    return Outcome(sentences, None, "", columns, rows)
