"""What worked: cases closed as effective, with the proof, for others to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from xunzhi.web.cases.access import may_see, visible
from xunzhi.web.cases.models import Case
from xunzhi.web.improve import contests
from xunzhi.web.improve.models import Proof
from xunzhi.web.improve.proofs import Judged, judge
from xunzhi.web.installation import in_language, pack
from xunzhi.web.permissions import Access

STRENGTHS = ("strong", "intermediate", "weak")
PUBLIC_PROJECT = Q(case__type="project", case__values__shown=True)


@dataclass(frozen=True)
class Book:
    """An entry of the library."""

    proof: Proof
    judged: Judged
    indicator: str
    measures: tuple[tuple[str, str], ...]

    @property
    def case(self) -> Case:
        """The case that it tells of."""
        return self.proof.case


def proved() -> QuerySet[Proof]:
    """Proofs of cases closed as effective, whoever may see them."""
    return Proof.objects.filter(case__state="closed_effective")


def worked(access: Access, text: str = "", indicator: str = "") -> QuerySet[Proof]:
    """Proofs of cases closed as effective: those one may see, and projects shown to all; newest first."""
    found = proved().filter(Q(case__in=visible(access)) | PUBLIC_PROJECT)
    if text:
        named = [
            one.id for one in pack().indicators.values() if text.lower() in f"{one.label.zh} {one.label.en}".lower()
        ]
        found = found.filter(Q(case__text__contains=text.lower()) | Q(indicator__in=named))
    if indicator:
        found = found.filter(indicator=indicator)
    return found.select_related("case__unit", "case__revision").order_by("-case__closed_at")


def book(proof: Proof) -> Book:
    """What the library tells of a case."""
    indicator = pack().indicators.get(proof.indicator)
    name = in_language(indicator.label) if indicator else proof.indicator
    return Book(proof, judge(proof, name=f"effect-{proof.pk}"), name, tuple(_measures(proof.case)))


def _measures(case: Case) -> list[tuple[str, str]]:
    """Measures with their strength, the strongest first: a finding's own, a project's action plan."""
    rows: list[dict[str, Any]] = list(case.values.get("measures") or [])
    for sheet in case.tool_sheets.all():
        if sheet.tool == "action_plan":
            rows += sheet.values.get("actions") or []
    found = [(str(row.get("what") or ""), str(row.get("strength") or "")) for row in rows if row.get("what")]
    return sorted(found, key=lambda pair: STRENGTHS.index(pair[1]) if pair[1] in STRENGTHS else len(STRENGTHS))


def shown(access: Access, pk: int) -> Case | None:
    """A project that is shown to the hospital, or that one judges, or may see anyway."""
    case = Case.objects.filter(pk=pk, type="project").select_related("unit", "revision", "assignee").first()
    if case is None:
        return None
    public = case.values.get("shown") is True and case.state == "closed_effective"
    return case if public or contests.reads(access, case) or may_see(access, case) else None


def indicators() -> list[tuple[str, str]]:
    """Indicators for which the library has something: id and name."""
    ids = Proof.objects.filter(case__state="closed_effective").values_list("indicator", flat=True).distinct()
    return sorted((one, in_language(pack().indicators[one].label)) for one in ids if one in pack().indicators)
