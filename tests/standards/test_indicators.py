"""Every indicator of the pack: its worked case and its oracle agree with the engine."""

from __future__ import annotations

import pytest

from xunzhi.measures.proof import prove_case
from xunzhi.standards import load_pack

PACK = load_pack()


@pytest.mark.parametrize("indicator", PACK.indicators.values(), ids=lambda indicator: indicator.id)
def test_worked_case_engine_and_oracle_agree(indicator):
    assert prove_case(PACK, indicator) == []


def test_the_catalogue_is_large_enough():
    assert len(PACK.indicators) >= 120
