"""Of an anonymous case no row of any table leads to who opened it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers import serialize
from django.db import models

from xunzhi.standards.cases import CaseType
from xunzhi.web.cases.access import may_see
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.receipts import found_by
from xunzhi.web.cases.services import open_case, save_draft, upload
from xunzhi.web.cases.types import case_types
from xunzhi.web.permissions import Access

pytestmark = pytest.mark.django_db

VOICE = {
    "case": "voice",
    "label": {"zh": "匿名意见", "en": "Anonymous voice"},
    "number": "YJ-{yyyy}-{0000}",
    "opener": "anonymous",
    "open_by": ["everyone"],
    "unit": "about",
    "title": "{subject}",
    "sections": [
        {
            "id": "what",
            "label": {"zh": "意见", "en": "Voice"},
            "open_in": ["filed"],
            "fields": {
                "subject": {"type": "text", "label": {"zh": "主题", "en": "Subject"}, "required": True},
                "about": {"type": "unit", "label": {"zh": "科室", "en": "About"}, "required": True},
                "photos": {"type": "attachment", "label": {"zh": "照片", "en": "Photos"}},
            },
        }
    ],
    "states": {
        "filed": {"label": {"zh": "已提交", "en": "Filed"}, "kind": "open"},
        "read": {"label": {"zh": "已阅", "en": "Read"}, "kind": "done"},
    },
    "transitions": {
        "read": {"label": {"zh": "阅", "en": "Read"}, "from": ["filed"], "to": "read", "by": ["quality_officer"]}
    },
}


@pytest.fixture(autouse=True)
def voice(monkeypatch, tmp_path, settings) -> CaseType:
    form = CaseType.model_validate(VOICE)
    monkeypatch.setitem(case_types(), "voice", form)
    settings.MEDIA_ROOT = tmp_path
    return form


def everything() -> dict[tuple[str, str], str]:
    """Every row of every table as text."""
    return {
        (model._meta.label, str(row.pk)): serialize("json", [row], ensure_ascii=False)
        for model in apps.get_models()
        for row in model._base_manager.all()
    }


def test_no_row_leads_to_the_opener(people, units, voice):
    before = everything()
    photo = upload(SimpleUploadedFile("现场.txt", "见图".encode()), people.doctor_b, voice)
    assert save_draft("voice", {"subject": "夜间人手不足"}, people.doctor_b) is None
    values = {"subject": "夜间人手不足", "about": units.surgery.pk, "photos": [str(photo.pk)]}
    case = open_case("voice", values, people.doctor_b)

    written = {key: text for key, text in everything().items() if before.get(key) != text}
    assert {label for label, _ in written} >= {"cases.Case", "cases.LogEntry", "cases.Attachment", "audit.Entry"}
    user, person = people.doctor_b, people.doctor_b.person
    for key, text in written.items():
        assert user.username not in text, key
        assert person.code not in text, key
        assert case.secret.replace("-", "") not in text.replace("-", ""), key
    for label, pk in written:
        row = apps.get_model(label)._base_manager.get(pk=pk)
        for field in row._meta.get_fields():
            if isinstance(field, models.ForeignKey) and field.related_model in (type(user), type(person)):
                assert getattr(row, field.attname) is None, f"{label}.{field.name}"


def test_the_opener_comes_back_by_his_secret(people, units):
    case = open_case("voice", {"subject": "…", "about": units.surgery.pk}, people.doctor_b)
    assert found_by(case.secret.lower().replace("-", " ")) == case
    assert found_by("AAAA-AAAA-AAAA-AAAA") is None
    assert found_by("") is None


def test_the_opener_is_a_stranger_to_it(people, units):
    case = open_case("voice", {"subject": "…", "about": units.surgery.pk}, people.doctor_b)
    assert not may_see(Access(people.doctor_b), Case.objects.get(pk=case.pk))
    assert may_see(Access(people.officer), case)
