"""Where the field's packages differ, as explicit parameters with one default: no global option may change a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xunzhi.spc.constants import D4, d2

__all__ = ["MAKING_DATA_COUNT", "QICHARTS2", "STANDARD", "TEXTBOOK", "Convention"]


@dataclass(frozen=True)
class Convention:
    """How limits are estimated where textbooks and packages disagree.

    Attributes:
        name: shown as the source of the constants.
        sigma_per_moving_range: σ estimated as this multiple of the mean moving range; exactly 1/d2(2).
        moving_range_limit: upper limit of moving ranges as a multiple of their mean; exactly D4(2).
        screen_moving_ranges: leave out moving ranges above that limit once, then take the mean again (Nelson 1982).
        pool_equal_subgroups: pool the variances within subgroups also where all have one size. By default the plain
            mean of the standard deviations serves there (Montgomery 6.27), and variances are pooled only when sizes
            differ (Montgomery 6.31).
        g_centre: centre line of the g chart; the median makes run rules valid on a skewed distribution.
    """

    name: str
    sigma_per_moving_range: float = 1 / d2(2)
    moving_range_limit: float = D4(2)
    screen_moving_ranges: bool = True
    pool_equal_subgroups: bool = False
    g_centre: Literal["median", "mean"] = "median"


STANDARD = Convention("exact integrals, screened moving ranges")
"""The default: exact constants, moving ranges screened once, as both NHS and Danish practice do."""

TEXTBOOK = Convention("Montgomery, 6th ed.", screen_moving_ranges=False, g_centre="mean")
"""No screening, mean as centre line of the g chart (Montgomery; R package qcc)."""

QICHARTS2 = Convention("qicharts2 0.8.1", sigma_per_moving_range=1 / 1.128, moving_range_limit=3.267)
"""R package qicharts2 0.8.1: constants rounded as in the printed tables."""

MAKING_DATA_COUNT = Convention("NHS Making Data Count", sigma_per_moving_range=2.66 / 3, moving_range_limit=3.267)
"""NHS England's Making Data Count (R package NHSRplotthedots 0.2.2): limits at 2.66 mean moving ranges."""
