"""What the tests of pages of results share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xunzhi.web import installation


@pytest.fixture
def own(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with results that the test may change."""
    shutil.copytree(results, tmp_path / "own")
    monkeypatch.setenv("XUNZHI_HOME", str(tmp_path / "own"))
    installation._opened.cache_clear()
    return tmp_path / "own"
