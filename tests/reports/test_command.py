"""`xunzhi bulletin`: files by name, and refusals in one sentence."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from xunzhi.cli import main

PACK = Path(__file__).parent / "pack"


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs the command in an installation: its exit code and what it says about errors."""

    def call(home: Path, *words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["xunzhi", "--home", str(home), "--pack", str(PACK), "bulletin", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), capsys.readouterr().err.replace("\n", "")

    return call


def test_files_are_named_after_what_they_are(run, home, tmp_path):
    words = ("2026-05", "--formats", "xlsx", "--department", "D8", "--lang", "en", "--to", str(tmp_path))
    assert run(home, *words) == (0, "")
    assert [file.name for file in tmp_path.iterdir()] == ["bulletin-H1-2026-05-D8-en.xlsx"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1999-01",), "2023-07 … 2026-06"),
        (("2026-05", "--formats", "odt"), "docx"),
        (("2026-05", "--institution", "H9"), "H1"),
        (("2026-05", "--department", "D99"), "D8"),
    ],
)
def test_a_wrong_wish_is_refused_in_words(run, home, tmp_path, words, said):
    code, text = run(home, *words, "--to", str(tmp_path))
    assert code == 2
    assert said in text
    assert not list(tmp_path.iterdir())


def test_stale_results_are_refused_unless_allowed(run, home, tmp_path):
    own = tmp_path / "home"
    shutil.copytree(home, own)
    (own / "measures" / "failure.json").write_text('{"lake_version": 1, "time": "", "error": "boom"}')
    words = ("2026-05", "--formats", "xlsx", "--to", str(tmp_path / "out"))
    code, text = run(own, *words)
    assert code == 2
    assert "--allow-stale" in text
    assert run(own, *words, "--allow-stale")[0] == 0
