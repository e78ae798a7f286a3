"""Whatever is done to the log behind the program's back is found, and where."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xunzhi.web.audit import anchors
from xunzhi.web.audit.chain import GENESIS, digest
from xunzhi.web.audit.models import Entry, Head
from xunzhi.web.audit.services import Act, record_all
from xunzhi.web.audit.verify import Verdict, verify

pytestmark = pytest.mark.django_db
LENGTH = 12
COLUMNS = [field.column for field in Entry._meta.concrete_fields]
quick = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
numbers = st.integers(1, LENGTH)


def run(statement: str, *arguments: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)


def write_log(length: int = LENGTH) -> None:
    """A fresh log, signed to its end."""
    run("DELETE FROM audit_entry")
    run("DELETE FROM audit_head")
    anchors.file().unlink(missing_ok=True)
    entries = record_all(None, [Act("case.move", f"case {n}", detail={"to": n}) for n in range(1, length + 1)])
    anchors.keep(entries[-1].number, entries[-1].hash)


def chain_anew(first: int) -> None:
    """What a forger who knows the program does: make all hashes right again, and the head."""
    previous = Entry.objects.get(number=first - 1).hash if first > 1 else GENESIS
    for entry in Entry.objects.filter(number__gte=first).order_by("number"):
        right = digest({**vars(entry), "previous": previous})
        run("UPDATE audit_entry SET previous = %s, hash = %s WHERE number = %s", previous, right, entry.number)
        previous = right
    set_head()


def set_head() -> None:
    last = Entry.objects.latest("number")
    Head.objects.update(number=last.number, hash=last.hash)


def found() -> tuple[str | None, int]:
    verdict = verify()
    return verdict.fault and verdict.fault.split(" ", 2)[2].rstrip("."), verdict.number


def test_an_untouched_log_is_whole() -> None:
    write_log()
    assert verify() == Verdict(checked=LENGTH, signed=LENGTH)
    assert "12" in verify().text


def test_an_empty_log_is_whole(db: None) -> None:
    assert verify().whole


@quick
@given(numbers, st.sampled_from(["name", "address", "institution", "action", "thing", "purpose", "detail", "hash"]))
def test_an_edited_field_is_found_where_it_was_edited(number: int, column: str) -> None:
    write_log()
    run(f"UPDATE audit_entry SET {column} = %s WHERE number = %s", "x", number)
    assert not verify().whole
    assert verify().number == number


@quick
@given(numbers)
def test_an_edited_time_or_person_is_found(number: int) -> None:
    write_log()
    run("UPDATE audit_entry SET user_id = 7 WHERE number = %s", number)
    assert found() == ("was changed after it was recorded", number)
    write_log()
    run("UPDATE audit_entry SET at = '2020-01-01 00:00:00+00:00' WHERE number = %s", number)
    assert found() == ("was changed after it was recorded", number)


@quick
@given(st.integers(1, LENGTH - 1))
def test_a_row_deleted_in_the_middle_is_found(number: int) -> None:
    write_log()
    run("DELETE FROM audit_entry WHERE number = %s", number)
    assert found() == ("is missing", number)


@quick
@given(numbers, st.booleans())
def test_a_deleted_tail_is_found_even_if_the_head_was_set_back(first: int, thorough: bool) -> None:
    write_log()
    run("DELETE FROM audit_entry WHERE number >= %s", first)
    if thorough and first > 1:
        set_head()
    verdict = verify()
    assert not verdict.whole
    assert verdict.number == first


@quick
@given(st.integers(1, LENGTH - 1))
def test_exchanged_rows_are_found(number: int) -> None:
    write_log()
    for old, new in ((number, 100), (number + 1, number), (100, number + 1)):
        run("UPDATE audit_entry SET number = %s WHERE number = %s", new, old)
    assert found() == ("doesn't follow the entry before it: entries were exchanged or inserted", number)


@quick
@given(st.integers(2, LENGTH))
def test_a_row_inserted_in_the_middle_is_found(number: int) -> None:
    write_log()
    for n in range(LENGTH, number - 1, -1):
        run("UPDATE audit_entry SET number = %s WHERE number = %s", n + 1, n)
    _forge(number)
    assert not verify().whole
    assert verify().number in (number, number + 1)


def test_a_row_added_at_the_end_is_found() -> None:
    write_log()
    _forge(LENGTH + 1)
    assert found() == ("was not added by the program", LENGTH + 1)


def _forge(number: int) -> None:
    before = Entry.objects.get(number=number - 1)
    row = {**vars(before), "number": number, "previous": before.hash, "thing": "case 99"}
    run(
        f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})",
        *({**row, "hash": digest(row)}[column] for column in COLUMNS),
    )


@quick
@given(numbers)
def test_a_chain_written_anew_is_found_by_the_signed_marks(number: int) -> None:
    write_log()
    run("UPDATE audit_entry SET name = 'someone else' WHERE number = %s", number)
    chain_anew(number)
    assert found() == ("is not the one that was signed: the chain was written anew", LENGTH)


def test_a_mark_is_kept_for_each_thousand() -> None:
    write_log(2500)
    anchors.file().unlink()
    hashes = dict(Entry.objects.values_list("number", "hash"))
    for number in (1, 500, 999, 1200, 800, 1999, 2500):
        anchors.keep(number, hashes[number])
    assert [mark.number for mark in anchors.read()] == [999, 1999, 2500]
    assert verify() == Verdict(checked=2500, signed=2500)


def test_damaged_removed_or_forged_marks_are_found() -> None:
    write_log(2500)
    anchors.file().unlink()
    for entry in Entry.objects.filter(number__in=(999, 1999, 2500)).order_by("number"):
        anchors.keep(entry.number, entry.hash)
    good = anchors.file().read_bytes()
    lines = [good[at : at + anchors.WIDTH] for at in range(0, len(good), anchors.WIDTH)]
    forged = anchors.Anchor(999, "f" * 64, "2026-01-01T00:00:00+00:00", "0" * 64).line()
    for bad in ([lines[0], lines[2]], [lines[1], lines[0], lines[2]], [forged, *lines[1:]], [*lines[:2], b"x" * 256]):
        anchors.file().write_bytes(b"".join(bad))
        assert verify().fault, bad
        assert "anchors:" in verify().where


def test_only_the_owner_reads_the_key() -> None:
    write_log()
    assert anchors.file().with_name("key").stat().st_mode & 0o777 == 0o600
    assert anchors.file().stat().st_mode & 0o777 == 0o600
