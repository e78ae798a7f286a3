"""Who may open the pages of signals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.web.permission_kit import Page
from xunzhi.web.signals.models import Signal

SEEING = ("president", "vice", "member", "officer", "head_a")


def _signal(world: SimpleNamespace) -> dict[str, Any]:
    made, _new = Signal.objects.get_or_create(
        cause="test", unit=world.units.cardiology, institution="H1", indicator="ed_07_resus_mortality",
        stratum="department",
        code="0301", owner="quality_office", kind="concern", first_month="2026-09", last_month="2026-09", rules=[],
        value=9.0, centre=4.0, q=0.01, provisional=False,
    )  # fmt: skip
    return {"pk": made.pk}


PAGES = [
    Page("signals:inbox", may=(*SEEING, "head_b", "officer_h2"), outsider=("doctor_a", "system_admin", "audit_admin")),
    Page("signals:signal", may=SEEING, outsider=("head_b", "doctor_a"), wrong_scope=("officer_h2",), arguments=_signal),
    Page(
        "signals:handle", method="post", may=("officer", "vice"), outsider=("head_a", "head_b", "president"),
        wrong_scope=("officer_h2",), arguments=_signal, data=lambda world: {"do": "acknowledge", "version": "1"},
    ),
]  # fmt: skip
