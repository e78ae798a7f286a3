"""A hospital's own targets and definitions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from xunzhi.standards import StandardsError, load_pack
from xunzhi.standards.local import TARGETS, TargetDecision, append, installed, read_targets

NAME = next(one.id for one in load_pack().indicators.values() if one.target and one.kind == "proportion")


def decide(home: Path, value: float | None, since: str, decided: date = date(2026, 1, 5)) -> None:
    decision = {
        "indicator": NAME,
        "value": value,
        "from": since,
        "author": "张主任",
        "reason": "年度目标",
        "decided": decided,
    }
    append(home / TARGETS, TargetDecision.model_validate(decision))


def test_without_decisions_the_pack_s_targets_hold(tmp_path: Path) -> None:
    assert installed(tmp_path).indicators[NAME].target == load_pack().indicators[NAME].target


def test_the_latest_decision_holds_and_earlier_levels_are_kept_for_the_chart(tmp_path: Path) -> None:
    usual = load_pack().indicators[NAME].target
    assert usual
    decide(tmp_path, 4.0, "2026-01")
    decide(tmp_path, 3.0, "2026-07")
    target = installed(tmp_path).indicators[NAME].target
    assert target
    assert target.value == 3.0
    assert [(level.since, level.value) for level in target.history] == [
        ("1900-01", usual.value), ("2026-01", 4.0), ("2026-07", 3.0),
    ]  # fmt: skip
    assert "年度目标" in target.source


def test_a_decision_on_the_same_month_replaces_the_earlier_one(tmp_path: Path) -> None:
    decide(tmp_path, 4.0, "2026-01")
    decide(tmp_path, 5.0, "2026-01", date(2026, 2, 1))
    target = installed(tmp_path).indicators[NAME].target
    assert target
    assert [level.value for level in target.history][1:] == [5.0]
    assert len(read_targets(tmp_path / TARGETS)) == 2  # but nothing is forgotten


def test_a_target_can_be_dropped(tmp_path: Path) -> None:
    decide(tmp_path, None, "2026-01")
    assert installed(tmp_path).indicators[NAME].target is None


def test_targets_do_not_make_results_stale(tmp_path: Path) -> None:
    before = installed(tmp_path).fingerprint
    decide(tmp_path, 4.0, "2026-01")
    assert installed(tmp_path).fingerprint == before


def test_a_spoilt_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / TARGETS).write_text("- {indicator: x}", encoding="utf-8")
    with pytest.raises(StandardsError, match=r"targets\.yaml"):
        installed(tmp_path)


def test_a_pack_of_its_own_takes_the_place_of_the_default(tmp_path: Path) -> None:
    folder = tmp_path / "standards"
    folder.mkdir()
    text = """pack: local
version: "1"
label: {zh: 本院, en: Local}
extends: cn_hospital
areas: {}
owners: {}
strata: {}
"""
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    assert installed(tmp_path).manifest.pack == "local"
    assert set(installed(tmp_path).indicators) == set(load_pack().indicators)
