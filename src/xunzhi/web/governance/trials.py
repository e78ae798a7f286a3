"""Trying a change on last year's data: the same engine, in a folder of its own, old definition beside new."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from xunzhi.lake import Lake
from xunzhi.measures import HOSPITAL, MeasureError, Readings, measure
from xunzhi.web.cases.models import Case
from xunzhi.web.configuration import home
from xunzhi.web.governance.changes import Change, ChangeError, change_of, tried_pack
from xunzhi.web.governance.models import Trial
from xunzhi.web.installation import lake

MONTHS = 12
Found = dict[tuple[str, str, str, str], dict[str, Any]]


def newest_trial(case: Case) -> Trial | None:
    """The trial of the proposal as it is now; None if it was not tried since it was changed."""
    try:
        proposal = change_of(case).fingerprint
    except ChangeError:
        return None
    return case.trials.filter(proposal=proposal).first()


def try_change(case: Case) -> Trial:
    """Compute what the change would have made of the last months, and keep it."""
    try:
        change = change_of(case)
    except ChangeError as error:
        return Trial.objects.create(case=case, proposal="", error=str(error))
    try:
        rows, units = _compared(change)
    except (ChangeError, MeasureError) as error:
        return Trial.objects.create(case=case, proposal=change.fingerprint, error=str(error))
    return Trial.objects.create(case=case, proposal=change.fingerprint, rows=rows, units=units)


def _compared(change: Change) -> tuple[list[dict[str, Any]], dict[str, int]]:
    before = _stored(change.indicator)
    after = _as_if_always(change)
    months = sorted({key[3] for key in (*before, *after)})[-MONTHS:]
    rows, units = [], {"same": 0, "different": 0}
    for key in sorted({*before, *after}):
        _institution, stratum, _unit, month = key
        if month not in months:
            continue
        old, new = before.get(key), after.get(key)
        if stratum == HOSPITAL:
            rows.append({"institution": key[0], "month": month, "before": old, "after": new})
        else:
            units["same" if old == new else "different"] += 1
    return rows, units


def _stored(indicator: str) -> Found:
    """What stands in the results today."""
    return _read(Readings(lake(), home()), indicator)


def _as_if_always(change: Change) -> Found:
    """What the new definition gives, as if it had been in force all along; nothing if the indicator is withdrawn."""
    if change.kind == "withdraw":
        return {}
    always = Change(change.kind, change.indicator, _long_ago(change), change.told)
    with tried_pack(always) as standards, tempfile.TemporaryDirectory(prefix="xunzhi-trial-") as folder:
        facts = Lake(home(), standards)
        measure(facts, Path(folder))
        readings = Readings(facts, Path(folder))
        return _read(readings, change.indicator)


def _long_ago(change: Change) -> Any:
    return change.effective.replace(year=1990, month=1)


def _read(readings: Readings, indicator: str) -> Found:
    found: Found = {}
    for institution in readings.institutions():
        for stratum in (HOSPITAL, "department"):
            table = readings.series(institution, stratum)
            for row in table.to_pylist():
                if row["indicator"] == indicator:
                    key = (institution, stratum, row["unit"] or "", row["period"])
                    found[key] = {name: _plain(row[name]) for name in ("value", "numerator", "denominator")}
    return found


def _plain(number: Any) -> float | None:
    return None if number is None else round(float(number), 6)
