"""What is done is recorded, and the record can't be changed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from xunzhi.web.audit.chain import digest
from xunzhi.web.audit.models import AppendOnlyError, Entry, Head
from xunzhi.web.audit.services import record

pytestmark = pytest.mark.django_db


def test_entries_follow_each_other_and_name_the_entry_before(people) -> None:
    first = record(people.officer, "case.move", "case 12", detail={"to": "closed", "来自": "整改"}, institution="H1")
    second = record(None, "backup", "installation")
    assert (first.number, second.number) == (1, 2)
    assert second.previous == first.hash == digest(vars(Entry.objects.get(number=1)))
    assert Entry.objects.get(number=1).details == {"to": "closed", "来自": "整改"}
    assert (first.name, second.name, second.user_id) == ("officer", "", None)
    assert Head.objects.get().hash == second.hash


def test_what_is_rolled_back_leaves_no_entry(db: None) -> None:
    record(None, "a", "one")
    with transaction.atomic():
        record(None, "a", "two")
        transaction.set_rollback(True)
    assert record(None, "a", "three").number == 2


@pytest.mark.parametrize("text", ["\x00", "\ud800", "整改 🩺", "a" * 5000])
def test_any_text_can_be_a_purpose(text: str) -> None:
    entry = record(None, "print", "case 1", purpose=text, detail={"text": text})
    entry.refresh_from_db()
    assert digest(vars(entry)) == entry.hash


@pytest.mark.parametrize(("action", "thing"), [("", "x"), ("x", ""), ("x" * 61, "x"), ("x", "x" * 201)])
def test_an_entry_without_action_or_thing_is_refused(action: str, thing: str) -> None:
    with pytest.raises(ValueError, match="audit"):
        record(None, action, thing)


def test_entries_can_be_neither_changed_nor_deleted_by_the_program(db: None) -> None:
    entry = record(None, "a", "one")
    for change in (entry.save, entry.delete, Entry.objects.all().delete, lambda: Entry.objects.update(name="x")):
        with pytest.raises(AppendOnlyError):
            change()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET name = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_entry WHERE number = 1"],
)
def test_entries_can_be_neither_changed_nor_deleted_in_the_database(guarded: None, statement: str) -> None:
    record(None, "a", "one")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.count() == 1
