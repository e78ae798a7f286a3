"""Cases as rows of the lake, and the indicators that compute from them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import time_machine

from xunzhi.lake import Lake
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import edit, move, open_case
from xunzhi.web.cases.tables import write
from xunzhi.web.installation import pack

pytestmark = pytest.mark.django_db


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, pack())


def rows(lake: Lake, select: str) -> list[tuple]:
    snapshot = lake.snapshot()
    with duckdb.connect() as connection:
        snapshot.register(connection, ["finding", "case_finding", "case_finding_measures", "case_task"])
        return connection.execute(select).fetchall()


@pytest.fixture
def answered(people, finding, reply):
    """A finding issued on Monday, acknowledged on Tuesday, answered on Friday."""
    with time_machine.travel("2026-11-23 10:00 +0800", tick=False):
        case = finding("issue")
    with time_machine.travel("2026-11-24 08:30 +0800", tick=False):
        case = move(case, "acknowledge", {}, people.head_a, case.version)
    with time_machine.travel("2026-11-27 16:00 +0800", tick=False):
        return move(case, "answer", reply, people.head_a, case.version, signed=True)


def test_a_case_is_a_row(lake, answered, people):
    write(lake)
    assert rows(
        lake,
        "SELECT institution, case_number, title, state, unit, opened_by, round, first_issue::VARCHAR, severity, "
        "measures, due_at::VARCHAR, department, cause FROM case_finding",
    ) == [
        ("H1", "ZG-202611-0001", "抢救车药品近效期未更换", "recheck", "0301", people.officer.person.code, 1,
         "2026-11-23 10:00:00", "serious", 1, "2026-12-04 23:59:59", "0301", "无近效期核对流程"),
    ]  # fmt: skip


def test_rows_of_a_table_in_the_form_are_rows_too(lake, answered, people):
    write(lake)
    measures = 'SELECT case_number, "row", unit, what, owner, "by"::VARCHAR, strength FROM case_finding_measures'
    assert rows(lake, measures) == [
        ("ZG-202611-0001", 1, "0301", "抢救车改为密封管理", people.nurse_a.person.code, "2026-12-10", "strong")
    ]  # fmt: skip


def test_a_finding_is_one_to_the_indicators(lake, answered, people):
    write(lake)
    assert rows(
        lake,
        "SELECT finding_id, source, department, severity, found_time::VARCHAR, notified_time::VARCHAR, "
        "acknowledged_time::VARCHAR, due_time::VARCHAR, done_time::VARCHAR, verified_time, effective, notice_number "
        "FROM finding",
    ) == [
        ("ZG-202611-0001", "inspection", "0301", "serious", "2026-11-20 09:30:00", "2026-11-23 10:00:00",
         "2026-11-24 08:30:00", "2026-12-04 00:00:00", "2026-11-27 16:00:00", None, None, 1),
    ]  # fmt: skip


def test_a_returned_finding_is_not_done(lake, answered, people):
    seen = {"recheck_way": "on_site", "recheck_finding": "仍有", "deadline": "2026-12-20"}
    move(answered, "return", seen, people.officer, answered.version, comment="再查")
    write(lake)
    assert rows(lake, "SELECT due_time::VARCHAR, done_time, notice_number FROM finding") == [
        ("2026-12-20 00:00:00", None, 2)
    ]


def test_closing_otherwise_counts_as_not_effective(lake, answered, people):
    move(answered, "close_otherwise", {}, people.officer, answered.version, comment="搬迁停用", signed=True)
    write(lake)
    assert rows(lake, "SELECT effective, verified_time IS NOT NULL, closed_time IS NOT NULL FROM finding") == [
        (False, True, True)
    ]


def test_late_edits_and_withdrawals_follow(lake, people, finding):
    draft, issued = finding(), finding("issue")
    write(lake)
    assert rows(lake, "SELECT finding_id FROM finding") == [(issued.number,)], "a draft is no finding yet"

    draft = edit(draft, {"points": 2}, people.officer, 1)
    move(draft, "issue", {}, people.officer, draft.version)
    move(issued, "withdraw", {}, people.officer, issued.version, comment="重复")
    write(lake)
    assert rows(lake, "SELECT finding_id, points FROM finding") == [(draft.number, 2.0)]
    assert rows(lake, "SELECT count(*) FROM case_finding") == [(2,)]


def test_rows_of_other_sources_stay(lake, finding):
    with lake.write("delivery") as transaction:
        transaction.upsert(
            "finding", "SELECT 'H1' AS institution, 'FD-1' AS finding_id, TIMESTAMP '2026-11-01' AS found_time"
        )
    case = finding("issue")
    write(lake)
    assert rows(lake, "SELECT finding_id FROM finding ORDER BY 1") == [("FD-1",), (case.number,)]


def test_writing_again_changes_nothing(lake, finding):
    finding("issue")
    write(lake)
    version = lake.version()
    assert write(lake) == 0
    assert lake.version() == version


def test_rows_taken_out_of_a_table_go(lake, answered, people, reply):
    write(lake)
    case = Case.objects.get(pk=answered.pk)
    seen = {"recheck_way": "on_site", "recheck_finding": "仍有"}
    case = move(case, "return", seen, people.officer, case.version, comment="再查")
    more = [*reply["measures"], {**reply["measures"][0], "what": "培训", "strength": "weak"}]
    case = edit(case, {"measures": more}, people.head_a, case.version)
    write(lake)
    assert rows(lake, "SELECT strength FROM case_finding_measures ORDER BY 1") == [("strong",), ("weak",)]
    edit(case, {"measures": more[1:]}, people.head_a, case.version)
    write(lake)
    assert rows(lake, 'SELECT "row", strength FROM case_finding_measures') == [(1, "weak")]


def test_free_text_of_confidential_cases_stays_out(lake, people, problem):
    open_case("finding", problem(severity="red_line"), people.officer)
    write(lake)
    assert rows(lake, "SELECT title, problem, severity FROM case_finding") == [(None, None, "red_line")]
