"""Killed at any step, the old or the new decision is in force: never the pack that was extended, never a half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.web.monitor.hospital import PACK

OLD: dict[str, Any] = {"minimum": 40, "target": None}
NEW: dict[str, dict[str, Any]] = {"publish": {**OLD, "minimum": 50}, "target": {**OLD, "target": 1.5}}


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each kill left; the last of each action is a run that came to its end."""
    home = tmp_path_factory.mktemp("killed") / "home"
    home.mkdir()
    environment = {**os.environ, "XUNZHI_HOME": str(home), "XUNZHI_PACK": str(PACK), "DATABASE_URL": ""}
    command = [sys.executable, "-m", "tests.web.governance.killed"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("action", ["publish", "target"])
def test_a_decision_is_in_force_exactly_when_it_is_committed(kills: list[dict[str, Any]], action: str) -> None:
    found, new = [kill for kill in kills if kill["action"] == action], NEW[action]
    for kill in found:
        assert kill["before"] in ([OLD, new] if kill["committed"] else [OLD]), kill
        assert kill["after"] == (new if kill["committed"] else OLD), kill
    assert any(kill["before"] == OLD and kill["committed"] for kill in found), "none between the commit and the files"
    assert found[-1]["before"] == new


def test_publishing_was_killed_before_and_after_its_commit(kills: list[dict[str, Any]]) -> None:
    found = [kill["committed"] for kill in kills if kill["action"] == "publish"]
    assert found.count(False) > 5
    assert found.count(True) > 5
