"""Units of measurement are words too: an English page shows none in Chinese."""

from __future__ import annotations

import re

import pytest

from xunzhi.reports.messages import Messages
from xunzhi.standards import load_pack


def test_every_unit_of_the_standards_is_english_in_english() -> None:
    units = {indicator.unit for indicator in load_pack().indicators.values()}
    assert {unit: said for unit in units if re.search("[一-鿿]", said := Messages("en").unit(unit))} == {}


@pytest.mark.parametrize(("unit", "said"), [("件/百床·年", "items/100 beds·year"), ("%", "%"), ("min", "min")])
def test_units_are_said_part_by_part(unit: str, said: str) -> None:
    assert Messages("en").unit(unit) == said
    assert Messages("zh").unit(unit) == unit
