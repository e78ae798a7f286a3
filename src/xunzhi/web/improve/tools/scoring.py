"""Choosing by votes: topics, or measures. Each row gets points for each criterion; the best are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, number, rows_of, text

CHOSEN_SHARE = 80.0
"""A row is chosen from this per cent of the points it could have on (the 80/20 rule of circle handbooks) …"""


def outcome(values: Mapping[str, Any]) -> Outcome:
    """Rows of `options` ranked by their points; the columns that hold numbers are the criteria.

    With `best_only` the first of them is chosen, else all from 80 % of the possible points on; the possible points are
    those of `most` for each criterion (5 unless said).
    """
    rows = rows_of(values, "options")
    criteria = [name for name in (rows[0] if rows else {}) if name not in ("option", "cause", "note")]
    most = number(values.get("most")) or 5.0
    scored = []
    for row in rows:
        points = [number(row.get(name)) for name in criteria]
        given = [point for point in points if point is not None]
        if text(row.get("option")) and given:
            scored.append((text(row.get("option")), sum(given), sum(given) / (most * len(criteria)) * 100))
    if not scored:
        return Outcome()
    ranked = sorted(scored, key=lambda item: -item[1])
    limit = ranked[0][1] if values.get("best_only") else most * len(criteria) * CHOSEN_SHARE / 100
    chosen = [option for option, points, _share in ranked if points >= limit]
    names = _(", ").join(chosen)
    sentence = _("Chosen: %(names)s.") % {"names": names} if chosen else _("Nothing reaches 80% of the points yet.")
    table = [
        (rank, option, f"{points:g}", f"{share:.0f}%", "✓" if option in chosen else "")
        for rank, (option, points, share) in enumerate(ranked, start=1)
    ]
    columns = (_("Rank"), _("Option"), _("Points"), _("Of the possible"), _("Chosen"))
    return Outcome([sentence], None, "", columns, table, {"chosen": chosen})
