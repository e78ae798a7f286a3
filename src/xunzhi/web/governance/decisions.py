"""Targets and baselines: decided by a person with a reason, kept in order, never changed afterwards."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.measures.charts import Baseline, read_baselines
from xunzhi.standards.local import TARGETS, TargetDecision, read_targets
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import home
from xunzhi.web.governance.models import Decision
from xunzhi.web.governance.proposals import Proposed
from xunzhi.web.governance.publishing import decide
from xunzhi.web.installation import pack
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.monitor.prepare import BASELINES


class DecisionError(Exception):
    """A decision that can't be taken, in one sentence."""


def targets(indicator: str = "", institution: str | None = None) -> list[TargetDecision]:
    """The decisions on targets, newest first; with `institution`, those that hold there."""
    found = [one for one in read_targets(home() / TARGETS) if not indicator or one.indicator == indicator]
    if institution is not None:
        found = [one for one in found if one.institution in ("", institution)]
    return sorted(found, key=lambda one: (one.decided, one.since))[::-1]


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


def baselines() -> tuple[Baseline, ...]:
    """The signed baselines, newest first."""
    return tuple(sorted(read_baselines(home() / BASELINES), key=lambda one: one.decided)[::-1])


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
