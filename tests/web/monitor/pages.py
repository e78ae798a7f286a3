"""Who may open the pages of results (see permission_kit.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.web.permission_kit import Page

NAME = "inpatient_mortality_rate"
RESULTS = ("results",)
WHOLE = ("president", "vice", "officer", "head_a", "nurse_a")
ADMINISTRATORS = ("security_admin", "audit_admin")


def _indicator(world: SimpleNamespace) -> dict[str, Any]:
    return {"name": NAME}


def _cardiology(world: SimpleNamespace) -> dict[str, Any]:
    return {"stratum": "department", "code": "0301"}


def _doctor(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": world.people.doctor_a.person.code}


def _of_cardiology(world: SimpleNamespace) -> dict[str, Any]:
    return {"stratum": "department", "unit": "0301"}


def _token(world: SimpleNamespace) -> dict[str, Any]:
    page = world.signed_in("officer").get(f"/indicators/{NAME}/cases", _of_cardiology(world))
    return {"name": NAME, "token": page.context["cases"][0].token}


PAGES = [
    Page("monitor:overview", may=(*WHOLE, "member"), outsider=("doctor_a", *ADMINISTRATORS), fixtures=RESULTS),
    Page("monitor:wall", may=WHOLE, outsider=("doctor_a", *ADMINISTRATORS), fixtures=RESULTS),
    Page("monitor:departments", may=(*WHOLE, "doctor_a"), outsider=ADMINISTRATORS, fixtures=RESULTS),
    Page(
        "monitor:unit", may=("president", "officer", "member", "head_a", "doctor_a"),
        outsider=("head_b", "doctor_b", "system_admin", *ADMINISTRATORS), fixtures=RESULTS, arguments=_cardiology,
    ),
    Page(
        "monitor:people", may=("officer", "head_a", "doctor_a"), outsider=("member", *ADMINISTRATORS), fixtures=RESULTS,
    ),
    Page(
        "monitor:person", may=("president", "officer", "head_a", "doctor_a"),
        outsider=("head_b", "doctor_b", "member"), wrong_scope=("officer_h2",), fixtures=RESULTS, arguments=_doctor,
    ),
    Page("monitor:indicators", may=(*WHOLE, "doctor_a", "system_admin"), outsider=ADMINISTRATORS, fixtures=RESULTS),
    Page(
        "monitor:indicator", may=(*WHOLE, "doctor_a"), outsider=ADMINISTRATORS, fixtures=RESULTS, arguments=_indicator,
    ),
    Page(
        "monitor:indicator", may=("officer", "head_a", "doctor_a"), outsider=("head_b", "doctor_b"), fixtures=RESULTS,
        arguments=_indicator, data=_of_cardiology,
    ),
    Page(
        "monitor:indicator_steps", may=("officer", "doctor_a"), outsider=ADMINISTRATORS, fixtures=RESULTS,
        arguments=_indicator,
    ),
    Page(
        "monitor:cases", may=("president", "officer", "head_a"), outsider=("head_b", "doctor_a", "member"),
        fixtures=RESULTS, arguments=_indicator, data=_of_cardiology,
    ),
    Page(
        "monitor:cases", may=("officer",), outsider=("head_a", "head_b", "nurse_a"), fixtures=RESULTS,
        arguments=_indicator,
    ),
    Page(
        "monitor:case_rows", may=("officer", "head_a"), outsider=("head_b", "doctor_a"), fixtures=RESULTS,
        arguments=_token, data=_of_cardiology,
    ),
]  # fmt: skip
