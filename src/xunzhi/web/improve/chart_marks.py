"""Days on an indicator's chart on which work on it began, was in place, and was closed as effective."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from xunzhi.web.improve.models import Proof
from xunzhi.web.improve.proofs import first_day
from xunzhi.web.monitor.services import Mark


def marks(indicator: str, institution: str, stratum: str, unit: str) -> Iterator[Mark]:
    """The marks of one chart. They name numbers, not subjects: who may read the case follows the link."""
    found = Proof.objects.filter(
        indicator=indicator, institution=institution, stratum=stratum, unit=unit
    ).select_related("case")
    for proof in found:
        number, link = proof.case.number, proof.case.get_absolute_url()
        yield Mark(localdate(proof.declared_at), _("%(number)s begins") % {"number": number}, link)
        if proof.in_place:
            yield Mark(first_day(proof.in_place), _("%(number)s in place") % {"number": number}, link)
