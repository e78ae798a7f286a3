"""Targets and baselines: decided by a person with a reason, kept in order, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from xunzhi import spc
from xunzhi.measures import HOSPITAL
from xunzhi.measures.charts import Baseline, Block, read_baselines
from xunzhi.standards.local import TARGETS, TargetDecision, read_targets
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import home
from xunzhi.web.governance.models import Decision
from xunzhi.web.governance.publishing import decide
from xunzhi.web.installation import in_language, pack
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.monitor.prepare import BASELINES
from xunzhi.web.monitor.readmodel import current


class DecisionError(Exception):
    """A decision that can't be taken, in one sentence."""


def targets(indicator: str = "", institution: str | None = None) -> list[TargetDecision]:
    """The decisions on targets, newest first; with `institution`, those that hold there."""
    found = [one for one in read_targets(home() / TARGETS) if not indicator or one.indicator == indicator]
    if institution is not None:
        found = [one for one in found if one.institution in ("", institution)]
    return sorted(found, key=lambda one: (one.decided, one.since), reverse=True)


@transaction.atomic
def decide_target(indicator: str, value: float | None, since: str, reason: str, by: Any) -> None:
    """Set a target from a month on, or drop it (no value), in the institution of who decides.

    Raises:
        DecisionError: without a reason, or for an indicator that can't have one.
    """
    if indicator not in pack().indicators:
        raise DecisionError(_("There is no such indicator."))
    if not reason.strip():
        raise DecisionError(_("Say why; the reason stands beside the target."))
    if pack().indicators[indicator].direction == "monitor" and value is not None:
        raise DecisionError(_("This indicator has no good side: it is only watched, without a target."))
    decision = TargetDecision.model_validate(
        {
            "indicator": indicator, "institution": by.access.person.institution if by.access.person else "",
            "value": value, "from": since, "author": _author(by), "reason": reason.strip(),
            "decided": timezone.localdate(),
        }
    )  # fmt: skip
    decide(Decision.File.TARGETS, decision.model_dump(mode="json", by_alias=True, exclude_none=True))
    record(
        by,
        "target.set",
        f"indicator {indicator}",
        detail=decision.model_dump(mode="json", by_alias=True),
        institution=decision.institution,
    )


@dataclass(frozen=True)
class Proposed:
    """A new baseline that the program proposes: the level moved and stayed."""

    indicator: str
    name: str
    institution: str
    stratum: str
    unit: str
    place: str
    first: str
    last: str
    reason: str
    evidence: float

    @property
    def key(self) -> str:
        """What the form sends back."""
        return "|".join((self.institution, self.stratum, self.unit, self.indicator, self.first))


def proposals(institution: str) -> list[Proposed]:
    """New baselines for charts whose level moved and stayed, the clearest first."""
    model = current()
    if model is None:
        return []
    found = []
    for stratum in (HOSPITAL, "department"):
        names = model.readings.unit_names(stratum)
        for block in (model.charts(institution, stratum) or {}).values():
            found += [_proposed(block, proposal, names) for proposal in spc.propose_rebase(block.limits)]
    return sorted((one for one in found if one is not None), key=lambda one: -one.evidence)


def _proposed(block: Block, proposal: spc.Proposal, names: dict[tuple[str, str], str]) -> Proposed | None:
    row = proposal.series[0] if proposal.series else 0
    month = int(block.month_of_point[row, proposal.start])
    if month < 0:
        return None
    unit = block.units[row]
    known = [m for m, value in zip(block.months, block.value[row], strict=True) if not isnan(value)]
    return Proposed(
        indicator=block.indicator.id,
        name=in_language(block.indicator.label),
        institution=block.institution,
        stratum=block.stratum,
        unit=unit,
        place=names.get((block.institution, unit), ""),
        first=block.months[month],
        last=known[-1],
        reason=proposal.reason if (get_language() or "").startswith("en") else proposal.reason_zh,
        evidence=proposal.evidence,
    )


def baselines() -> tuple[Baseline, ...]:
    """The signed baselines, newest first."""
    return tuple(sorted(read_baselines(home() / BASELINES), key=lambda one: one.decided, reverse=True))


@transaction.atomic
def sign_baseline(proposed: Proposed, reason: str, by: Any) -> None:
    """Sign a proposed baseline: from its first month the chart begins a new phase.

    Raises:
        DecisionError: without a reason.
    """
    if not reason.strip():
        raise DecisionError(_("Say what changed the process; a baseline without a reason hides a signal."))
    signed = {
        "indicator": proposed.indicator, "institution": proposed.institution, "stratum": proposed.stratum,
        "unit": proposed.unit, "from": proposed.first, "to": proposed.last, "new_phase": True, "author": _author(by),
        "reason": reason.strip(), "decided": timezone.localdate().isoformat(),
    }  # fmt: skip
    Baseline.model_validate(signed)
    decide(Decision.File.BASELINES, signed)
    enqueue("monitor.prepare", key="monitor.prepare", by=by.user)
    record(by, "baseline.sign", f"indicator {proposed.indicator}", detail=signed, institution=proposed.institution)


def _author(by: Any) -> str:
    return str(by.access.person or by.user)
