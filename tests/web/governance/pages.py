"""Who may open the pages of governance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.web.permission_kit import Page
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import open_case

READERS = (
    "president", "vice", "member", "officer", "officer_h2", "head_a", "nurse_a", "doctor_a", "head_b", "doctor_b",
    "system_admin",
)  # fmt: skip


def proposal(world: SimpleNamespace) -> dict[str, Any]:
    """A change that the officer proposes."""
    made = Case.objects.filter(type="indicator_change").first() or open_case(
        "indicator_change",
        {
            "subject": "修订", "kind": "revise", "indicator": "ed_07_resus_mortality", "effective": "2026-01-01",
            "definition": "note: {zh: 口径说明, en: note}", "reason": "试用",
        },
        world.people.officer,
    )  # fmt: skip
    return {"pk": made.pk}


PAGES = [
    Page("governance:changes", may=READERS, outsider=("security_admin", "audit_admin")),
    Page("governance:targets", may=READERS, outsider=("security_admin", "audit_admin")),
    Page("governance:targets", method="post", may=("officer", "vice"), outsider=("head_a", "doctor_a", "president")),
    Page("governance:baselines", may=READERS, outsider=("security_admin", "audit_admin")),
    Page(
        "governance:trial", method="post", may=("officer", "vice", "member"), outsider=("doctor_a", "system_admin"),
        wrong_scope=("officer_h2",), arguments=proposal,
    ),
]  # fmt: skip
