"""Every indicator of the pack: its worked case and its oracle agree with the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from xunzhi.measures.proof import prove_case
from xunzhi.standards import load_pack

PACK = load_pack()


@pytest.mark.parametrize("indicator", PACK.indicators.values(), ids=lambda indicator: indicator.id)
def test_worked_case_engine_and_oracle_agree(indicator):
    assert prove_case(PACK, indicator) == []


def test_the_catalogue_is_large_enough():
    assert len(PACK.indicators) >= 120


def test_the_readmes_count_the_indicators_as_they_are():
    root = Path(__file__).parents[2]
    assert f"**{len(PACK.indicators)} indicators**" in (root / "README.md").read_text(encoding="utf-8")
    assert f"**{len(PACK.indicators)} 项指标**" in (root / "README.zh-CN.md").read_text(encoding="utf-8")
