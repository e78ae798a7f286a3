"""Who may open the pages of the organisation (see permission_kit.py)."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.permission_kit import EVERYONE, PUBLIC, Page
from xunzhi.web.org import files, importing
from xunzhi.web.org.models import Post

VIEWERS = ("officer", "head_a", "doctor_b", "system_admin", "audit_admin")
MANAGERS = ("system_admin",)
NOT = ("officer", "head_a", "doctor_a", "security_admin", "audit_admin")
OTHERS = ("officer_h2",)


def _unit(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": world.units.cardiology.pk}


def _person(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": world.people.doctor_a.person.pk}


def _post(world: SimpleNamespace) -> dict[str, Any]:
    return {"pk": Post.objects.filter(unit=world.units.cardiology)[0].pk}


def _import(world: SimpleNamespace) -> dict[str, Any]:
    rows = files.read("units", "t.csv", "机构代码,类型,单位代码,名称\nH1,科室,0999,新科\n".encode())
    return {"pk": importing.propose("units", "t.csv", rows, date(2026, 1, 1), "system_admin").pk}


def _kind(world: SimpleNamespace) -> dict[str, Any]:
    return {"kind": "units"}


def _file(world: SimpleNamespace) -> dict[str, Any]:
    return {"kind": "units", "on": "2026-01-01", "file": SimpleUploadedFile("t.csv", b"nothing")}


PAGES = [
    Page("org:tree", may=EVERYONE),
    Page("org:export", may=EVERYONE),
    Page("org:unit", may=VIEWERS, wrong_scope=OTHERS, arguments=_unit),
    Page("org:people", may=EVERYONE),
    Page("org:people_export", may=EVERYONE),
    Page("org:person", may=VIEWERS, wrong_scope=OTHERS, arguments=_person),
    Page("org:setup", may=PUBLIC),
    Page("org:steps", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS),
    Page("org:unit_new", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS),
    Page("org:unit_edit", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_unit),
    Page("org:unit_close", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_unit, method="post"),
    Page("org:post_new", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_unit, method="post"),
    Page("org:post_end", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_post, method="post"),
    Page("org:person_new", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS),
    Page("org:person_edit", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_person),
    Page("org:imports", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS),
    Page("org:imports", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, method="post", data=_file),
    Page("org:sync", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, method="post", arguments=_kind),
    Page("org:template", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_kind),
    Page("org:import", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_import),
    Page("org:import_apply", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_import, method="post"),
    Page("org:import_rejected", may=MANAGERS, outsider=NOT, wrong_scope=OTHERS, arguments=_import),
]
