"""A hospital's own targets and definitions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from xunzhi.standards import StandardsError, load_pack
from xunzhi.standards.local import (
    FOLDER,
    TARGETS,
    TargetDecision,
    installed,
    keep_version,
    own_pack,
    put_in_force,
    read_list,
    read_targets,
    write_list,
)

NAME = next(one.id for one in load_pack().indicators.values() if one.target and one.kind == "proportion")


def decide(
    home: Path, value: float | None, since: str, decided: date = date(2026, 1, 5), institution: str = ""
) -> None:
    decision = {
        "institution": institution,
        "indicator": NAME,
        "value": value,
        "from": since,
        "author": "张主任",
        "reason": "年度目标",
        "decided": decided,
    }
    checked = TargetDecision.model_validate(decision).model_dump(mode="json", by_alias=True)
    write_list(home / TARGETS, [*read_list(home / TARGETS), checked])


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


def test_an_institution_may_decide_for_itself_beside_what_holds_for_all(tmp_path: Path) -> None:
    decide(tmp_path, 4.0, "2026-01")
    decide(tmp_path, 3.0, "2026-07", institution="H1")
    indicator = installed(tmp_path).indicators[NAME]
    assert indicator.target
    assert indicator.target.value == 4.0
    own = indicator.of("H1").target
    assert own
    assert [level.value for level in own.history][1:] == [4.0, 3.0]
    assert indicator.of("H2").target == indicator.target


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


OWN = """pack: local
version: "{version}"
label: {{zh: 本院, en: Local}}
extends: cn_hospital
areas: {{}}
owners: {{}}
strata: {{}}
"""


def stored(home: Path, draft: Path, version: str) -> str:
    """The name of a stored version of the hospital's own pack."""
    draft.mkdir()
    (draft / "pack.yaml").write_text(OWN.format(version=version), encoding="utf-8")
    return keep_version(home, draft)


def test_a_pack_of_its_own_holds_once_it_is_put_in_force(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = stored(home, tmp_path / "1", "1"), stored(home, tmp_path / "2", "2")
    assert installed(home).manifest.pack == "cn_hospital"
    put_in_force(home, first)
    assert (installed(home).manifest.pack, installed(home).manifest.version) == ("local", "1")
    assert set(installed(home).indicators) == set(load_pack().indicators)
    put_in_force(home, second)
    assert installed(home).manifest.version == "2"
    put_in_force(home, "")
    assert installed(home).manifest.pack == "cn_hospital"


def test_the_same_pack_is_the_same_version(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert stored(home, tmp_path / "1", "1") == stored(home, tmp_path / "2", "1")
    assert [path.name for path in (home / FOLDER).iterdir() if path.is_dir()] == [stored(home, tmp_path / "3", "1")]


def test_another_pack_named_is_the_one_used(tmp_path: Path) -> None:
    home = tmp_path / "home"
    put_in_force(home, stored(home, tmp_path / "1", "1"))
    assert own_pack(home, str(tmp_path)) is None


def test_a_missing_version_is_an_error_and_not_the_pack_it_extends(tmp_path: Path) -> None:
    put_in_force(tmp_path, "0123456789abcdef")
    with pytest.raises(StandardsError, match="backup"):
        installed(tmp_path)
