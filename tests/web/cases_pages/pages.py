"""Who may open the pages of cases (see permission_kit.py).

The case is a finding about cardiology, filed by the quality officer; surgery and the other hospital may not know of it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.permission_kit import EVERYONE, Page
from xunzhi.web.cases.models import Case, Link, SavedView
from xunzhi.web.cases.services import attach, move, open_case

VIEWERS = ("officer", "head_a", "vice", "president")
OUTSIDERS = ("head_b", "doctor_b", "system_admin", "audit_admin")
ELSEWHERE = ("officer_h2",)
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
KIND = {"kind": "finding"}


def _case(world: SimpleNamespace, subject: str = "急救车药品过期") -> Case:
    values = {
        "subject": subject,
        "problem": "现场查看两支肾上腺素已过期",
        "severity": "serious",
        "found_time": "2026-11-20T09:30",
        "source": "inspection",
        "department": world.units.cardiology.pk,
        "deadline": "2026-12-04",
        "patient": {"patient_id": "P001", "name": "张三"},
    }
    return open_case("finding", values, world.people.officer)


def _issued(world: SimpleNamespace) -> Case:
    case = _case(world)
    return move(case, "issue", {}, world.people.officer, case.version)


def _pk(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": _issued(world).pk}


def _draft(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": _case(world).pk}


def _kind(world: SimpleNamespace) -> dict[str, Any]:
    return KIND


def _file(world: SimpleNamespace) -> dict[str, Any]:
    case = _issued(world)
    return {"pk": attach(case, SimpleUploadedFile("a.txt", b"text"), world.people.officer).pk}


def _view(world: SimpleNamespace) -> dict[str, Any]:
    view = SavedView.objects.create(user=world.people.officer, type="finding", name="逾期", query="due=overdue")
    return {"kind": "finding", "pk": view.pk}


def _link(world: SimpleNamespace) -> dict[str, Any]:
    case = _issued(world)
    return {"pk": case.pk, "made": Link.objects.create(case=case, other=_case(world, "另一问题")).pk}


def _upload(world: SimpleNamespace) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("a.txt", b"text")}


PURPOSE = {"purpose": "case_review", "purpose_remark": ""}

PAGES = [
    Page("cases:receipt", may=EVERYONE),
    Page("cases:receipt", method="post", may=EVERYONE, data=lambda world: {"secret": "AAAA"}, answers=(422,)),
    Page("cases:index", may=("officer", "doctor_a", "member"), outsider=ADMINISTRATORS),
    Page("cases:list", may=("officer", "doctor_a"), outsider=ADMINISTRATORS, arguments=_kind),
    Page("cases:board", may=("officer", "doctor_a"), outsider=ADMINISTRATORS, arguments=_kind),
    Page("cases:new", may=("officer", "head_a"), outsider=("doctor_a", "system_admin"), arguments=_kind),
    Page("cases:draft_new", method="post", may=("officer",), outsider=ADMINISTRATORS, arguments=_kind),
    Page("cases:bulk", method="post", may=("officer",), outsider=ADMINISTRATORS, arguments=_kind),
    Page("cases:export", method="post", may=("officer",), outsider=("doctor_a", "audit_admin"), arguments=_kind),
    Page("cases:save_view", method="post", may=("officer",), outsider=ADMINISTRATORS, arguments=_kind),
    Page("cases:delete_view", method="post", may=("officer",), outsider=("head_a", "doctor_b"), arguments=_view),
    Page("cases:case", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:edit", may=("officer",), outsider=("head_a", *OUTSIDERS), wrong_scope=ELSEWHERE, arguments=_draft),
    Page("cases:draft", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page(
        "cases:move",
        may=("head_a",),
        outsider=(*OUTSIDERS, "president"),
        wrong_scope=ELSEWHERE,
        arguments=lambda world: {"pk": _issued(world).pk, "step": "acknowledge"},
    ),
    Page("cases:steps", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page(
        "cases:identify",
        method="post",
        may=("officer", "head_a"),
        outsider=(*OUTSIDERS, "doctor_a"),
        wrong_scope=ELSEWHERE,
        arguments=_pk,
    ),
    Page("cases:print", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:comment", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:mention", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:follow", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:link", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_pk),
    Page("cases:unlink", method="post", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_link),
    Page(
        "cases:attach",
        method="post",
        may=VIEWERS,
        outsider=OUTSIDERS,
        wrong_scope=ELSEWHERE,
        arguments=_pk,
        data=_upload,
    ),
    Page("cases:upload", method="post", may=EVERYONE, data=_upload),
    Page("cases:file", may=VIEWERS, outsider=OUTSIDERS, wrong_scope=ELSEWHERE, arguments=_file),
    Page("cases:pick", may=EVERYONE, arguments=lambda world: {"kind": "person"}),
]
