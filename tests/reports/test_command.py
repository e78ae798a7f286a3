"""`xunzhi bulletin`: files by name, and refusals in one sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACK = Path(__file__).parent / "pack"


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(home), "--pack", str(PACK)]
    return subprocess.run([*command, "bulletin", *words], capture_output=True, text=True, check=False)


def test_files_are_named_after_what_they_are(home, tmp_path):
    done = run(home, "2026-05", "--formats", "xlsx", "--department", "D8", "--lang", "en", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr
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
def test_a_wrong_wish_is_refused_in_words(home, tmp_path, words, said):
    done = run(home, *words, "--to", str(tmp_path))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_stale_results_are_refused_unless_allowed(home, tmp_path):
    own = tmp_path / "home"
    shutil.copytree(home, own)
    (own / "measures" / "failure.json").write_text('{"lake_version": 1, "time": "", "error": "boom"}')
    refused = run(own, "2026-05", "--formats", "xlsx", "--to", str(tmp_path / "out"))
    assert refused.returncode == 2
    assert "--allow-stale" in refused.stderr
    allowed = run(own, "2026-05", "--formats", "xlsx", "--to", str(tmp_path / "out"), "--allow-stale")
    assert allowed.returncode == 0, allowed.stderr
