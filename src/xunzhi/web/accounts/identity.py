"""Who a patient is: masked everywhere, shown to those who may and say why, and never without a record.

    identify(request, purpose, patients=["P0001"], unit=unit)   # raises, or has recorded it
    render(…)                                                   # with {% include "parts/watermark.html" %}

A form that asks for the purpose includes `accounts/parts/purpose.html` with `purposes=purposes()`, and
`purpose_given(request)` reads it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from xunzhi.standards.roles import Secrecy
from xunzhi.web.audit.services import record
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import refusal, roles


def purposes() -> dict[str, str]:
    """The purposes one can choose from (roles.yaml), in the language of the request."""
    return {name: in_language(label) for name, label in roles().purposes.items()}


def purpose_given(request: HttpRequest) -> str:
    """The purpose that a form with `accounts/parts/purpose.html` says: one of :func:`purposes`, and what was added.

    Raises:
        ValidationError: if none was chosen.
    """
    chosen, remark = request.POST.get("purpose", ""), request.POST.get("purpose_remark", "").strip()
    if chosen not in roles().purposes:
        raise ValidationError(_("Say why you need to know who the patient is."))
    return f"{chosen}: {remark}" if remark else chosen


def may_identify(request: HttpRequest, unit: Unit, patient: str = "", secrecy: Secrecy = Secrecy.INTERNAL) -> bool:
    """Whether the visitor may ask who the patients of a unit are, or who this one is."""
    return bool(request.access.may("patient.identify", unit, patient=patient, secrecy=secrecy))  # type: ignore[attr-defined]


def identify(
    request: HttpRequest,
    purpose: str,
    patients: Iterable[str],
    unit: Unit,
    action: str = "patient.identify",
    secrecy: Secrecy = Secrecy.INTERNAL,
) -> None:
    """Allow the visitor to see who some patients of a unit are, and record it with the purpose.

    Call it in the transaction of the request before identities are shown, exported or printed (`action` "export",
    "print"). The log holds a mark of each patient (:func:`mark`), not his number.

    Raises:
        PermissionDenied: if the visitor may not.
        ValidationError: if no purpose is given.
    """
    named = sorted(set(patients))
    if not all(may_identify(request, unit, patient, secrecy) for patient in named):
        raise PermissionDenied(refusal("patient.identify"))
    if not purpose.strip():
        raise ValidationError(_("Say why you need to know who the patient is."))
    detail = {"patients": [mark(unit.institution, patient) for patient in named], "page": request.path}
    record(request, action, f"patients of {unit.kind} {unit.code}", purpose, detail, institution=unit.institution)


def mark(institution: str, patient: str) -> str:
    """What stands for a patient in the log: always the same, and no way back without the key of this installation."""
    text = f"{institution}\n{patient}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()[:20]
