"""The inbox: what a month's scan found is laid beside what is known already."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.measures import shifted
from xunzhi.measures import signals as measured
from xunzhi.web.cases.models import Case
from xunzhi.web.installation import pack
from xunzhi.web.org.services import unit_for
from xunzhi.web.signals.causes import Cause, causes
from xunzhi.web.signals.models import Note, Signal

BUDGET = 20
"""Causes a month that an owner is asked to look at; those beyond it, the least certain, wait below the line."""

QUIET_MONTHS = 3
"""A signal that was dealt with is closed after so many months without the cause."""

ASKING = (Signal.Kind.CONCERN, Signal.Kind.BOTH, Signal.Kind.NEUTRAL)
"""Kinds that ask for something; improvements are good news."""


@dataclass(frozen=True)
class Brought:
    """What a scan changed."""

    new: tuple[Signal, ...]
    again: int
    closed: int


@transaction.atomic
def bring_in(scan: measured.Scan, institution: str, month: str) -> Brought:
    """Add what moved in a month: new causes come in as new signals, known ones are brought up to date.

    Doing it twice changes nothing. A cause that was explained and is seen in a later month asks again; one that is
    snoozed or was sent to a department stays so. What was dealt with and stayed away is closed.
    """
    found = causes(scan.signals, pack().indicators)
    known = {signal.cause: signal for signal in Signal.objects.exclude(state=Signal.State.CLOSED)}
    urgent = _within_budget(found)
    units = {(s.stratum, s.unit): unit_for(institution, s.stratum, s.unit) for c in found for s in c.signals[:1]}
    new, again = [], 0
    for cause in found:
        unit = units[cause.strongest.stratum, cause.strongest.unit]
        if unit is None:
            continue  # a code in the facts that the organisation doesn't know: the import page lists those
        if cause.key in known:
            again += _again(known[cause.key], cause, month, cause.key in urgent)
        else:
            new.append(
                Signal(cause=cause.key, unit=unit, first_month=month, **_figures(cause, month, cause.key in urgent))
            )
    for signal in new:
        signal.save()
        Note.objects.create(signal=signal, state=signal.state)
    _wake()
    return Brought(tuple(new), again, _close_quiet(institution, month))


def _within_budget(found: list[Cause]) -> set[str]:
    used: Counter[str] = Counter()
    urgent = set()
    for cause in found:
        if cause.strongest.kind in ASKING and used[cause.strongest.owner] < BUDGET:
            used[cause.strongest.owner] += 1
            urgent.add(cause.key)
    return urgent


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _figures(cause: Cause, month: str, urgent: bool) -> dict[str, Any]:
    first = cause.strongest
    return {
        "institution": first.institution, "indicator": first.indicator, "stratum": first.stratum, "code": first.unit,
        "owner": first.owner, "kind": first.kind, "last_month": month, "rules": list(first.rules),
        "value": first.value, "centre": first.centre, "sigmas": _known(first.sigmas), "q": first.q,
        "numerator": _known(first.numerator), "denominator": _known(first.denominator),
        "provisional": first.provisional, "urgent": urgent,
        "places": [
            {"indicator": s.indicator, "stratum": s.stratum, "unit": s.unit, "value": s.value, "centre": s.centre}
            for s in cause.signals
        ],
    }  # fmt: skip


def _again(signal: Signal, cause: Cause, month: str, urgent: bool) -> bool:
    """Bring a known signal up to date; whether the month is new to it."""
    if month < signal.last_month:
        return False
    later = month > signal.last_month
    changes = _figures(cause, month, urgent)
    if later:
        changes["months"] = signal.months + 1
        if signal.state == Signal.State.EXPLAINED:
            changes["state"] = Signal.State.NEW
            text = _("Seen again in %(month)s after it had been explained.") % {"month": month}
            Note.objects.create(signal=signal, state=Signal.State.NEW, text=text)
    Signal.objects.filter(pk=signal.pk).update(**changes, version=signal.version + later)
    return later


def _close_quiet(institution: str, month: str) -> int:
    """Close what was dealt with and has stayed away; what lies with a department only once its case is done."""
    dealt_with = Signal.objects.filter(
        institution=institution,
        state__in=(Signal.State.ACKNOWLEDGED, Signal.State.EXPLAINED, Signal.State.SENT),
        last_month__lte=shifted(month, -QUIET_MONTHS),
    ).exclude(case__stage__in=(Case.Stage.OPEN, Case.Stage.WAITING))
    quiet = list(dealt_with)
    text = _("Not seen for %(n)d months.") % {"n": QUIET_MONTHS}
    now = timezone.now()
    for signal in quiet:
        Signal.objects.filter(pk=signal.pk).update(state=Signal.State.CLOSED, closed_at=now, version=signal.version + 1)
        Note.objects.create(signal=signal, state=Signal.State.CLOSED, text=text)
    return len(quiet)


def _wake() -> None:
    """Signals whose snooze is over ask again."""
    over = Signal.objects.filter(state=Signal.State.SNOOZED, snoozed_until__lte=timezone.localdate())
    for signal in over:
        Signal.objects.filter(pk=signal.pk).update(
            state=Signal.State.NEW, snoozed_until=None, version=signal.version + 1
        )
        Note.objects.create(signal=signal, state=Signal.State.NEW, text=_("The snooze is over."))
