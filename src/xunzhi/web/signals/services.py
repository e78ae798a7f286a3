"""What people do with signals. Each is one transaction with its note and audit record; of two at once, one succeeds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.reports.quantities import with_unit
from xunzhi.web.audit.services import record
from xunzhi.web.cases import services as cases
from xunzhi.web.cases.models import Case
from xunzhi.web.installation import indicator_name, pack
from xunzhi.web.monitor.words import say
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access
from xunzhi.web.signals.models import Note, Signal

LONGEST_SNOOZE = 180
"""Days after which a snoozed signal asks again at the latest."""

State = Signal.State


class SignalError(Exception):
    """Something that can't be done with a signal, in one sentence."""


def visible(access: Access) -> QuerySet[Signal]:
    """The signals that someone may see."""
    return Signal.objects.filter(access.within("signal.view", field="unit")).select_related("unit", "case")


def may_handle(access: Access, signal: Signal) -> bool:
    """Whether someone may decide what becomes of a signal."""
    return access.may("signal.handle", signal.unit)


@transaction.atomic
def acknowledge(signal: Signal, by: Any, version: int, text: str = "") -> None:
    """Someone looks into it."""
    _turn(signal, State.ACKNOWLEDGED, by, version, text, (State.NEW, State.SNOOZED))


@transaction.atomic
def explain(signal: Signal, by: Any, version: int, text: str) -> None:
    """It is known why, and nothing needs to be done.

    Raises:
        SignalError: without a reason.
    """
    if not text.strip():
        raise SignalError(_("Say what explains it; the next reader has only these words."))
    _turn(signal, State.EXPLAINED, by, version, text, (State.NEW, State.ACKNOWLEDGED, State.SNOOZED))


@transaction.atomic
def snooze(signal: Signal, by: Any, version: int, until: date, text: str) -> None:
    """Ask again on a day.

    Raises:
        SignalError: without a reason, or for a day that is past or too far away.
    """
    today = timezone.localdate()
    if not text.strip():
        raise SignalError(_("Say why it can wait."))
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE):
        raise SignalError(_("Choose a day within the next %(days)d days.") % {"days": LONGEST_SNOOZE})
    _turn(signal, State.SNOOZED, by, version, text, (State.NEW, State.ACKNOWLEDGED), snoozed_until=until)


@transaction.atomic
def send(signal: Signal, by: Any, version: int, type: str, department: Unit) -> Case:  # noqa: A002
    """Make a finding or a project of it, for a department, with the figures filled in; the case is still to be issued.

    Raises:
        SignalError: if the indicator is no longer in the standards.
        cases.Invalid, PermissionDenied: as opening a case by hand.
    """
    if signal.indicator not in pack().indicators:
        raise SignalError(_("This indicator is no longer in the standards: no case can be made of it."))
    case = cases.open_case(type, _values(signal, type, department, by), by)
    told = _("%(number)s for %(unit)s") % {"number": case.number, "unit": department.name}
    _turn(signal, State.SENT, by, version, told, (State.NEW, State.ACKNOWLEDGED, State.SNOOZED), case=case)
    return case


def _values(signal: Signal, type: str, department: Unit, by: Any) -> dict[str, Any]:  # noqa: A002
    indicator = pack().indicators[signal.indicator].of(signal.institution)
    target = indicator.target.value if indicator.target else None
    common = {
        "subject": f"{indicator_name(signal.indicator)} · {signal.last_month}"[:120],
        "department": department.pk,
        "indicator": signal.indicator,
        "baseline": round(signal.centre, 4),
        "expected": target,
    }
    if type == "project":
        today = timezone.localdate()
        return common | {
            "reason": sentence(signal), "method": "pdca", "leader": _leader(department, by),
            "begins": today.isoformat(), "ends": (today + timedelta(days=180)).isoformat(),
        }  # fmt: skip
    return common | {
        "problem": sentence(signal), "severity": "general", "source": "indicator",
        "source_reference": f"{signal.indicator} {signal.last_month}",
        "found_time": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "deadline": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }  # fmt: skip


def _leader(department: Unit, by: Any) -> int | None:
    post = department.posts.filter(Q(until=None) | Q(until__gte=timezone.localdate()), duty="head").first()
    person = post.person if post else by.access.person
    return person.pk if person else None


def sentence(signal: Signal) -> str:
    """What moved, in one sentence with its figures."""
    unit = say().unit(pack().indicators[signal.indicator].unit) if signal.indicator in pack().indicators else ""
    return _("%(what)s of %(where)s was %(value)s in %(month)s; its usual level is %(centre)s.") % {
        "what": indicator_name(signal.indicator), "where": signal.unit.name, "month": say().period(signal.last_month),
        "value": with_unit(f"{signal.value:.4g}", unit), "centre": with_unit(f"{signal.centre:.4g}", unit),
    }  # fmt: skip


def _turn(signal: Signal, state: str, by: Any, version: int, text: str, start: tuple[str, ...], **more: Any) -> None:
    """Change the state, if it is still the one that the person saw."""
    changed = Signal.objects.filter(pk=signal.pk, version=version, state__in=start).update(
        state=state, version=F("version") + 1, **({"snoozed_until": None} | more)
    )
    if not changed:
        signal.refresh_from_db()
        raise SignalError(_("It is “%(state)s” now: someone was faster. Look at it again.") % {
            "state": signal.get_state_display()
        })  # fmt: skip
    Note.objects.create(signal=signal, by=by.user, state=state, text=text.strip())
    record(
        by,
        f"signal.{state}",
        f"signal {signal.pk}",
        detail={"indicator": signal.indicator},
        institution=signal.institution,
    )
