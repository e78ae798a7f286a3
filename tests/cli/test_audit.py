"""`xunzhi audit verify` says whether the log is whole, and fails if it isn't."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from typer.testing import CliRunner

from xunzhi.cli import app
from xunzhi.web.audit import anchors
from xunzhi.web.audit.guards import lift
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import home


@pytest.fixture
def log(db: None) -> None:
    """Three entries."""
    lift(connection)
    anchors.file().unlink(missing_ok=True)
    for number in (1, 2, 3):
        record(None, "case.move", f"case {number}")


def verify(language: str, home: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--home", str(home), "--language", language, "audit", "verify"])
    return result.exit_code, result.output


@pytest.mark.parametrize(("language", "said"), [("en", "whole: 3 entries"), ("zh", "完整")])
def test_a_whole_log_is_said_to_be_whole(log: None, language: str, said: str) -> None:
    code, output = verify(language, home())
    assert (code, said in output) == (0, True), output


@pytest.mark.parametrize(("language", "said"), [("en", "Entry 2 was changed"), ("zh", "第 2 条")])
def test_the_first_broken_entry_is_named(log: None, language: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET name = 'nobody' WHERE number IN (2, 3)")
    code, output = verify(language, home())
    assert (code, said in output) == (1, True), output
