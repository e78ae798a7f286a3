"""A pack is checked once and kept; whatever changes, the pack is what its files say."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.measures.facts import PACK
from xunzhi.standards import StandardsError, load_pack, pack


@pytest.fixture
def loads(tmp_path, monkeypatch):
    """An old copy of a pack with an own cache; the list grows by one with each loading from its files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(PACK.root, tmp_path / "pack")
    age(tmp_path / "pack")
    seen: list[Path] = []
    loader = pack._Loader.load
    monkeypatch.setattr(pack._Loader, "load", lambda self: (seen.append(self.root), loader(self))[1])
    return seen


def age(folder: Path) -> None:
    """Make all files an hour old: a pack that is just being edited is not kept."""
    for file in folder.rglob("*"):
        os.utime(file, (time.time() - 3600,) * 2)


def cache(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache" / "xunzhi").iterdir()
    return file


def test_a_pack_is_checked_once(tmp_path, loads):
    first, second = load_pack(tmp_path / "pack"), load_pack(tmp_path / "pack")
    assert len(loads) == 1
    assert first == second
    assert first.fingerprint == second.fingerprint


def test_a_changed_standard_counts_at_once(tmp_path, loads):
    before = load_pack(tmp_path / "pack")
    file = next((tmp_path / "pack" / "indicators").glob("*.yaml"))
    file.write_text(file.read_text() + "\n# another word\n")
    age(tmp_path / "pack")
    assert load_pack(tmp_path / "pack").fingerprint != before.fingerprint
    assert len(loads) == 2
    file.write_text("mistake: true")
    age(tmp_path / "pack")
    with pytest.raises(StandardsError):
        load_pack(tmp_path / "pack")


def test_a_pack_being_edited_is_not_kept(tmp_path, loads):
    os.utime(tmp_path / "pack" / "pack.yaml")
    load_pack(tmp_path / "pack")
    load_pack(tmp_path / "pack")
    assert len(loads) == 2


def test_a_damaged_cache_is_passed_over_and_mended(tmp_path, loads):
    load_pack(tmp_path / "pack")
    cache(tmp_path).write_bytes(cache(tmp_path).read_bytes()[:1000])
    load_pack(tmp_path / "pack")
    load_pack(tmp_path / "pack")
    assert len(loads) == 2


def test_a_cache_that_others_can_write_is_not_trusted(tmp_path, loads):
    load_pack(tmp_path / "pack")
    cache(tmp_path).chmod(0o666)
    load_pack(tmp_path / "pack")
    assert len(loads) == 2


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, loads):
    (tmp_path / "cache").write_text("a file where the folder should be")
    load_pack(tmp_path / "pack")
    load_pack(tmp_path / "pack")
    assert len(loads) == 2
