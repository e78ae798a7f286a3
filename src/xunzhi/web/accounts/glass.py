"""Broken glass: reach a unit or a patient beyond one's roles, for a while, with a reason, and reviewed afterwards."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.accounts.identity import mark
from xunzhi.web.accounts.models import Breakage, User
from xunzhi.web.accounts.services import people_with_permission
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access
from xunzhi.web.work.services import tell

SHORTEST_REASON = 8


@transaction.atomic
def break_glass(request: HttpRequest, unit: Unit, reason: str, patient: str = "") -> Breakage:
    """Reach a unit, or (with its institution as `unit`) one patient, from now on for the minutes of the settings.

    Raises:
        PermissionDenied: if the person may not break the glass there.
        ValidationError: if the reason is too short to be one.
    """
    access: Access = request.access  # type: ignore[attr-defined]
    access.require("glass.break", unit)
    if len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError(_("Say why, so that who reviews it later can follow."))
    now = timezone.now()
    until = now + timedelta(minutes=configuration().accounts.glass_minutes)
    made = Breakage.objects.create(
        user_id=access.user.pk, unit=unit, patient=patient.strip(), reason=reason.strip(), since=now, until=until
    )
    User.objects.filter(pk=access.user.pk).update(glass_until=until)
    tell(
        people_with_permission("glass.review", unit).exclude(user=access.user.pk),
        f"{access.user} 启用了紧急访问，请审查：{made.reason[:60]}",
        f"{access.user} broke the glass; please review: {made.reason[:60]}",
        "/glass/review",
        f"glass {made.pk}",
        "task",
    )
    record(request, "glass.break", f"glass {made.pk}", made.reason, _detail(made), unit.institution)
    return made


def _detail(made: Breakage) -> dict[str, str]:
    patient = mark(made.unit.institution, made.patient) if made.patient else ""
    return {"unit": made.unit.code, "patient": patient, "until": made.until.isoformat()}


@transaction.atomic
def mend(request: HttpRequest, made: Breakage) -> None:
    """End one's own broken glass before its time."""
    if made.user_id != request.user.pk:
        raise PermissionDenied
    now = timezone.now()
    if Breakage.objects.filter(pk=made.pk, until__gt=now).update(until=now):
        record(request, "glass.mend", f"glass {made.pk}", institution=made.unit.institution)


@transaction.atomic
def review(request: HttpRequest, made: Breakage, justified: bool, remark: str) -> None:
    """Say whether a broken glass was justified. The first review counts.

    Raises:
        PermissionDenied: if it is one's own, or out of reach.
        ValidationError: if it was not justified and nothing is said about it, or somebody else was first.
    """
    request.access.require("glass.review", made.unit)  # type: ignore[attr-defined]
    if made.user_id == request.user.pk:
        raise PermissionDenied(_("Nobody reviews himself."))
    if not justified and not remark.strip():
        raise ValidationError(_("Say what was wrong, and what follows from it."))
    said = {
        "justified": justified,
        "remark": remark.strip(),
        "reviewed": timezone.now(),
        "reviewed_by": request.user.pk,
    }
    if not Breakage.objects.filter(pk=made.pk, reviewed=None).update(**said):
        raise ValidationError(_("It has been reviewed meanwhile."))
    verdict = {"justified": justified}
    record(request, "glass.review", f"glass {made.pk}", remark.strip(), verdict, made.unit.institution)


def to_review(access: Access) -> QuerySet[Breakage]:
    """What waits for a reviewer's look: other people's broken glass within his reach."""
    open_ones = Breakage.objects.filter(access.within("glass.review"), reviewed=None).exclude(user=access.user.pk)
    return open_ones.select_related("user__person", "unit")
