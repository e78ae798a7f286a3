"""The proof of effect: announced when work begins, judged on the chart, watched after the case is closed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.measures import HOSPITAL, shifted
from xunzhi.measures.effect import Effect, Span, Verdict, effect
from xunzhi.web.audit.services import record
from xunzhi.web.cases.models import Case
from xunzhi.web.improve.models import Proof
from xunzhi.web.monitor.services import Chart, chart
from xunzhi.web.org.models import Unit

BASELINE_MONTHS = 12
"""Full months before the work that make up the baseline."""

WATCH_MONTHS = 6
"""Months for which a case closed as effective is watched."""

OPEN_END = "9999-12"
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Judged:
    """A proof held against the data of today; `effect` is None without a chart, or while nothing is in place."""

    proof: Proof
    chart: Chart | None
    effect: Effect | None

    @property
    def why_not(self) -> str | None:
        """Why the case can't be closed as effective, and what to do; None if it can."""
        if not self.proof.in_place:
            return _("Say first from which month the measures are in place.")
        if self.chart is None or self.effect is None:
            return _("There is no chart of this indicator for this unit: the effect can't be judged.")
        if self.effect.verdict is Verdict.TOO_EARLY:
            months = {"after": self.effect.after.months, "before": self.effect.before.months}
            return (
                _("Too early: %(after)d full months with the measures, %(before)d before; it takes 3 and 6.") % months
            )
        if self.effect.proven:
            return None
        if self.effect.verdict is Verdict.IMPROVED:
            return _("It had improved, but the latest months are back where they were.")
        return _("The data don't show an improvement that is more than chance.")


@transaction.atomic
def declare(case: Case) -> Proof | None:
    """Lay down how the effect will be judged, if the case names an indicator; once, when its work begins."""
    indicator = case.values.get("indicator")
    if not indicator or Proof.objects.filter(case=case).exists():
        return None
    last = shifted(month_of(timezone.localdate()), -1)
    stratum, unit = _stratum(case.unit)
    proof = Proof.objects.create(
        case=case,
        indicator=indicator,
        institution=case.institution,
        stratum=stratum,
        unit=unit,
        before_first=shifted(last, 1 - BASELINE_MONTHS),
        before_last=last,
        expected=case.values.get("expected"),
    )
    record(None, "proof.declare", f"case {case.number}", detail={"indicator": indicator}, institution=case.institution)
    return proof


def _stratum(unit: Unit) -> tuple[str, str]:
    """The stratum and code under which the results of a unit stand; of other units, the whole institution's."""
    kinds = {Unit.Kind.DEPARTMENT: "department", Unit.Kind.WARD: "ward"}
    return (kinds[unit.kind], unit.code) if unit.kind in kinds else (HOSPITAL, "")


@transaction.atomic
def set_in_place(case: Case, month: str, by: Any) -> Proof:
    """Say from which month on the measures are in place.

    Raises:
        ValueError: if it is no month, lies before the work began, in the future, or the case is closed.
    """
    proof = Proof.objects.select_for_update().get(case=case)
    if not case.open:
        raise ValueError(_("The case is closed; what it was judged by stays as it is."))
    if not MONTH.fullmatch(month):
        raise ValueError(_("Choose a month."))
    if month <= proof.before_last:
        raise ValueError(
            _("The measures can't be in place before the baseline ends (%(month)s).") % {"month": proof.before_last}
        )
    if month > month_of(timezone.localdate()):
        raise ValueError(_("This month lies in the future."))
    proof.in_place = month
    proof.save(update_fields=["in_place"])
    record(by, "proof.in_place", f"case {case.number}", detail={"month": month}, institution=case.institution)
    return proof


def judge(proof: Proof, name: str = "effect") -> Judged:
    """Hold a proof against the data of today."""
    drawn = chart(proof.indicator, proof.institution, proof.stratum, proof.unit, name=name)
    if drawn is None or not proof.in_place:
        return Judged(proof, drawn, None)
    before, after = Span(proof.before_first, proof.before_last), Span(proof.in_place, OPEN_END)
    return Judged(proof, drawn, effect(drawn.block, drawn.row, before, after, proof.expected))


def watch(case: Case) -> None:
    """Begin to watch a case that was closed as effective."""
    until = first_day(shifted(month_of(timezone.localdate()), WATCH_MONTHS))
    Proof.objects.filter(case=case).update(watch_until=until)


def lost(proofs: Iterable[Proof]) -> list[Judged]:
    """Those of watched proofs whose gain is gone: no improvement any more, or only in the first months."""
    judged = [judge(proof) for proof in proofs]
    known = [(one, one.effect) for one in judged if one.effect and one.effect.verdict is not Verdict.TOO_EARLY]
    return [one for one, found in known if not found.proven]


def month_of(day: date) -> str:
    """The month of a day, such as 2026-03."""
    return f"{day:%Y-%m}"


def first_day(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")
