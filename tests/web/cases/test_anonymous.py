"""Of an anonymous case no row of any table leads to who opened it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers import serialize
from django.db import models
from django.test import Client

from xunzhi.standards.cases import CaseType
from xunzhi.web.cases.access import may_see
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.receipts import found_by
from xunzhi.web.cases.services import move, open_case, save_draft, upload
from xunzhi.web.cases.types import case_types
from xunzhi.web.configuration import configuration
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
    worry = {**VOICE, "case": "worry", "label": {"zh": "匿名担忧", "en": "Worry"}, "number": "DY-{yyyy}-{0000}"}
    monkeypatch.setitem(case_types(), "worry", CaseType.model_validate(worry))
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
    assert found_by(case.secret.lower().replace("-", " "), "10.0.0.1") == case
    assert found_by("AAAA-AAAA-AAAA-AAAA", "10.0.0.1") is None
    assert found_by("", "10.0.0.1") is None


def asked(client: Client, secret: str) -> tuple[int, str]:
    answer = client.post("/cases/receipt", {"secret": secret})
    return answer.status_code, answer.content.decode()


def test_the_secret_says_how_far_it_is_and_keeps_nothing_of_who_asks(people, units):
    voice = open_case("voice", {"subject": "夜间人手不足", "about": units.surgery.pk}, people.doctor_b)
    worry = open_case("worry", {"subject": "设备老旧", "about": units.surgery.pk}, people.doctor_b)
    secret = voice.secret
    voice = move(voice, "read", {}, people.officer, voice.version, comment="已转护理部")
    client = Client()
    client.force_login(people.doctor_b)
    asked(client, "")  # the session is there
    before = everything()
    status, page = asked(client, secret)
    assert status == 200
    assert voice.number in page
    assert "已阅" in page
    assert not any(text in page for text in ("夜间人手不足", "已转护理部", people.officer.person.name, worry.number))
    assert worry.number in asked(client, worry.secret)[1]
    assert everything() == before


def test_wrong_secrets_find_nothing_and_are_slowed(people, units):
    case = open_case("voice", {"subject": "…", "about": units.surgery.pk}, people.doctor_b)
    client = Client()
    assert client.get("/cases/receipt").status_code == 302
    client.force_login(people.doctor_b)
    before = everything()
    for number in range(configuration().accounts.address_failures):
        status, page = asked(client, f"AAAA-AAAA-AAAA-{number:04}")
        assert status == 422
        assert case.number not in page
    status, page = asked(client, case.secret)
    assert status == 422
    assert case.number not in page
    changed = {key: text for key, text in everything().items() if before.get(key) != text}
    assert {label for label, _ in changed} <= {"accounts.Attempts", "sessions.Session"}
    assert not any(people.doctor_b.username in text for text in changed.values())


def test_the_opener_is_a_stranger_to_it(people, units):
    case = open_case("voice", {"subject": "…", "about": units.surgery.pk}, people.doctor_b)
    assert not may_see(Access(people.doctor_b), Case.objects.get(pk=case.pk))
    assert may_see(Access(people.officer), case)
