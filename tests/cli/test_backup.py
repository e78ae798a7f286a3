"""One command saves everything, one brings it back; damage is found before anything is replaced."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg
import pytest

from tests.postgresql import programs, server


def xunzhi(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHI")}
    command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(home), "--language", "en"]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, env={**clean, **environment}
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small installation: a database, an attachment, a lake, settings, a key."""
    root = tmp_path_factory.mktemp("site") / "home"
    for name, text in {
        "settings.toml": "[site]\n",
        "secret.key": "key",
        "attachments/ab/file": "evidence",
        "lake/department/part.parquet": "rows",
        "lake/_lock": "held",
        "measures/state.json": "{}",
        "audit/marks": "m",
        "static/big.js": "made anew",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with sqlite3.connect(root / "xunzhi.sqlite3") as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE work (id INTEGER)")
        base.executemany("INSERT INTO work VALUES (?)", [(number,) for number in range(1000)])
    base.close()
    return root


def content(root: Path) -> dict[str, str]:
    skipped = {"static", "xunzhi.sqlite3"}
    files = [path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] not in skipped]
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}


def rows(root: Path) -> int:
    base = sqlite3.connect(root / "xunzhi.sqlite3")
    found: int = base.execute("SELECT count(*) FROM work").fetchone()[0]
    base.close()
    return found


@pytest.fixture(scope="module")
def saved(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "all.tar"
    writer = sqlite3.connect(home / "xunzhi.sqlite3")  # someone is writing meanwhile
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO work VALUES (-1)")
    made = xunzhi(home, "backup", str(file))
    writer.rollback()
    writer.close()
    assert made.returncode == 0, made.stderr
    return file


def test_what_was_saved_comes_back(home: Path, saved: Path, tmp_path: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0, "nobody else may read it"
    ended = xunzhi(tmp_path / "new", "restore", str(saved))
    assert ended.returncode == 0, ended.stderr
    expected = content(home)
    del expected["lake/_lock"], expected["measures/lock"]
    assert content(tmp_path / "new") == expected
    assert rows(tmp_path / "new") == 1000, "what was not yet committed is not there"


def test_an_installation_is_not_overwritten_unless_forced_and_then_put_aside(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "home"
    target.mkdir()
    (target / "settings.toml").write_text("mine")
    refused = xunzhi(target, "restore", str(saved))
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert content(target) == {"settings.toml": "mine"}
    assert xunzhi(target, "restore", str(saved), "--force").returncode == 0
    assert rows(target) == 1000
    aside = next(tmp_path.glob("home.before-*"))
    assert content(aside) == {"settings.toml": "mine"}


def test_a_backup_is_not_overwritten(home: Path, saved: Path) -> None:
    assert xunzhi(home, "backup", str(saved)).returncode == 2


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
def test_a_damaged_backup_changes_nothing(saved: Path, tmp_path: Path, damage: str) -> None:
    broken = tmp_path / "broken.tar"
    whole = saved.read_bytes()
    if damage == "flipped":
        broken.write_bytes(whole.replace(b"evidence", b"evidenze"))
    elif damage == "cut":
        broken.write_bytes(whole[: len(whole) // 2])
    else:
        shutil.copy(saved, tmp_path / "in.tar")
        with tarfile.open(tmp_path / "in.tar") as source, tarfile.open(broken, "w") as target:
            for member in source.getmembers():
                if not member.name.endswith("attachments/ab/file"):
                    target.addfile(member, source.extractfile(member))
    ended = xunzhi(tmp_path / "new", "restore", str(broken))
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert content(tmp_path / "new") == {}
    assert not [path for path in tmp_path.iterdir() if "restore" in path.name], "nothing is left lying about"


def test_the_manifest_names_every_file_with_its_hash(saved: Path) -> None:
    with tarfile.open(saved) as tar:
        stream = tar.extractfile("manifest.json")
        assert stream
        manifest = json.load(stream)
        assert set(manifest["files"]) == {name for name in tar.getnames() if name != "manifest.json"}
    assert all(len(entry["sha256"]) == 64 for entry in manifest["files"].values())


def test_postgresql_is_saved_and_brought_back(tmp_path: Path) -> None:
    if programs() is None:
        pytest.skip("no PostgreSQL")
    root = tmp_path / "home"
    root.mkdir()
    (root / "secret.key").write_text("key")
    with server("xunzhi", "s3cret/@:") as at:
        url = f"postgresql://xunzhi:s3cret%2F%40%3A@{at}/postgres"
        with psycopg.connect(url, autocommit=True) as base:
            base.execute("CREATE TABLE work AS SELECT generate_series(1, 1000) AS id")
            made = xunzhi(root, "backup", str(tmp_path / "all.tar"), DATABASE_URL=url)
            assert made.returncode == 0, made.stderr
            base.execute("DELETE FROM work WHERE id > 10")
        other = xunzhi(tmp_path / "sqlite", "restore", str(tmp_path / "all.tar"))
        assert other.returncode == 2
        assert "DATABASE_URL" in other.stderr
        ended = xunzhi(tmp_path / "new", "restore", str(tmp_path / "all.tar"), DATABASE_URL=url)
        assert ended.returncode == 0, ended.stderr
        with psycopg.connect(url) as base:
            assert base.execute("SELECT count(*) FROM work").fetchone() == (1000,)
    assert content(tmp_path / "new") == {"secret.key": "key"}
