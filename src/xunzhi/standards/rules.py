"""Signal rules by name, as packs say them; what each means is in the library of control charts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from xunzhi.standards.sql import unknown

RULES = frozenset(
    {
        "outside", "cusum_5", "alternation_14", "beyond_8_1_sigma", "within_15_1_sigma", "anhoej_crossings",
        "anhoej_longest_run", "zone_2_of_3_2_sigma", "zone_2_of_3_2_sigma_one_side_inside", "zone_4_of_5_1_sigma",
    }
)  # fmt: skip
"""Besides, shift_N and trend_N: N points on one side of the centre, or rising or falling."""

_OF_LENGTH = re.compile(r"(shift|trend)_[1-9]\d*")


def _known(code: str) -> str:
    if code not in RULES and not _OF_LENGTH.fullmatch(code):
        raise ValueError(
            f"{unknown('signal rule', code, RULES)}; there are {', '.join(sorted(RULES))}, shift_N, trend_N"
        )
    return code


RuleCode = Annotated[str, AfterValidator(_known)]
