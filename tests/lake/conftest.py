"""A small hospital to test the lake on."""

from __future__ import annotations

from pathlib import Path

import pytest

from xunzhi.lake import Lake
from xunzhi.standards import Pack, load_pack

PACK = Path(__file__).parent / "pack"


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack(PACK)


@pytest.fixture
def lake(tmp_path: Path, pack: Pack) -> Lake:
    return Lake(tmp_path / "home", pack, memory="500MB")
