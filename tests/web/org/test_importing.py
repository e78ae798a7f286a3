"""Tables of units, people and posts: what the dry run shows is what happens, and nothing is half done."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from xunzhi.web.org import files, importing, services
from xunzhi.web.org.models import Import, Person, Post, Unit

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 1)
UNITS = """机构代码,类型,单位代码,名称,上级代码,启用日期,停用日期
H1,病区,0501W1,妇科病区,0501,2024-05-01,
H1,科室,0501,妇科,,2024-05-01,
H1,科室,0301,心脏中心,,,
H1,科室,0401,普通外科,,,
H1,委员会,QSC,医疗质量与安全管理委员会,,,2025-12-31
H1,科室,0777,孤儿科,9999,,
H1,车间,0666,车间,,,
"""


def brought(kind: str, text: str) -> Import:
    return importing.propose(kind, "表.csv", files.read(kind, "表.csv", text.encode("gb18030")), DAY, "admin")


def statuses(table: Import) -> list[str]:
    return [line["status"] for line in table.lines]


def test_a_dry_run_says_what_would_be_and_changes_nothing(units: SimpleNamespace) -> None:
    table = brought("units", UNITS)
    assert statuses(table) == ["new", "new", "changed", "same", "closed", "rejected", "rejected"]
    assert [line["line"] for line in table.lines] == [2, 3, 4, 5, 6, 7, 8]
    assert "9999" in table.lines[5]["text"]
    assert "车间" in table.lines[6]["text"]
    assert not Unit.objects.filter(code="0501").exists()
    units.cardiology.refresh_from_db()
    assert units.cardiology.name == "心血管内科"


def test_taking_over_does_what_the_dry_run_said_and_keeps_what_was_refused(units: SimpleNamespace) -> None:
    table = brought("units", UNITS)
    said = table.lines
    importing.apply(table, None)
    table.refresh_from_db()
    assert table.lines == said
    assert Unit.objects.get(code="0501W1").parent.name == "妇科"
    assert services.unit_at(units.cardiology, DAY).name == "心脏中心"
    assert services.unit_at(units.cardiology, date(2025, 12, 31)).name == "心血管内科"
    assert importing.counts(table) == {"new": 2, "changed": 1, "closed": 1, "same": 1, "rejected": 2}
    with pytest.raises(ValidationError):
        importing.apply(table, None)


def test_the_same_table_again_changes_nothing(units: SimpleNamespace) -> None:
    importing.apply(brought("units", UNITS), None)
    assert set(statuses(brought("units", UNITS))) == {"same", "rejected"}


def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    units: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = brought("units", UNITS)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(importing, "record", broken)
    with pytest.raises(RuntimeError):
        importing.apply(table, None)
    assert not Unit.objects.filter(code="0501").exists()
    assert Import.objects.get().applied is None


def test_people_come_move_and_leave(units: SimpleNamespace, people: SimpleNamespace) -> None:
    code = people.doctor_b.person.code
    head = people.head_b.person
    text = f"""工号,姓名,机构代码,所在单位代码,职称,离职日期
N1,赵新,H1,0301,主治医师,
{code},doctor_b,H1,0301,,
{head.code},head_b,H1,0401,,2025-10-31
N2,无处,H1,,,
N1,赵新,H1,0301,,
"""
    table = brought("people", text)
    assert statuses(table) == ["new", "changed", "closed", "rejected", "rejected"]
    assert "2" in table.lines[4]["text"]
    importing.apply(table, None)
    assert Person.objects.get(code=code).unit == units.cardiology
    assert Post.objects.get(person=head).until == date(2025, 10, 31)
    assert services.heads(units.surgery, DAY) != [head]


def test_posts_have_terms(units: SimpleNamespace, people: SimpleNamespace) -> None:
    code = people.doctor_a.person.code
    text = f"""机构代码,工号,任职单位代码,职务,任期开始,任期结束
H1,{code},QSC,委员,2024-01-01,2026-12-31
H1,{code},QSC,Member,2023-01-01,2022-01-01
H1,{code},QSC,国王,2023-01-01,
H1,XX,QSC,委员,2023-01-01,
"""
    table = brought("posts", text)
    assert statuses(table) == ["new", "rejected", "rejected", "rejected"]
    importing.apply(table, None)
    assert list(services.members(units.committee, Post.Duty.MEMBER)) == [people.doctor_a.person]


def test_who_maintains_one_institution_can_not_touch_another(units: SimpleNamespace) -> None:
    rows = files.read("units", "t", "机构代码,类型,单位代码,名称\nH2,科室,1,甲\nH1,科室,2,乙\n".encode())
    lines = importing.run("units", rows, DAY, keep=False, institutions=frozenset({"H1"}))
    assert [line.status for line in lines] == ["rejected", "new"]


@pytest.mark.parametrize("kind", files.COLUMNS)
@pytest.mark.parametrize("english", [True, False])
def test_a_template_can_be_read_back(kind: str, english: bool) -> None:
    rows = files.read(kind, "t.xlsx", files.template(kind, english))
    assert [row.line for row in rows] == [2]
    assert rows[0].cells["institution"] == "H001"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "rows"),
        ("工号\n1\n".encode(), "姓名"),
        ("工号,姓名,机构代码,所在单位代码,星座\n1,2,3,4,5\n".encode(), "星座"),
        (b"PK\x03\x04 broken", "xlsx"),
        (b"\xff\xfe\x00\x01\x81", "GB18030"),
    ],
)
def test_a_file_that_can_not_be_read_is_one_clear_message(content: bytes, word: str) -> None:
    with pytest.raises(ValidationError) as caught:
        files.read("people", "t", content)
    assert word in " ".join(caught.value.messages) or "行" in " ".join(caught.value.messages)


@pytest.mark.parametrize(
    "text", ["2025-03-01", "2025/3/1", "2025.3.1", "20250301", "2025年3月1日", "2025-03-01 00:00:00"]
)
def test_dates_as_people_write_them(text: str) -> None:
    assert files.day(text) == date(2025, 3, 1)
