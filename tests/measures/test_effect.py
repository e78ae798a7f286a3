"""Did the work help? Against hand-worked figures, simulation, and stories of a quality officer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xunzhi.measures.charts import Block, Laid, chart, rules_of
from xunzhi.measures.effect import Effect, Holding, Level, Span, Verdict, _difference, effect
from xunzhi.measures.intervals import wilson
from xunzhi.standards import load_pack

PACK = load_pack(Path(__file__).parent / "pack")
MORTALITY = next(i for i in PACK.indicators.values() if i.kind == "proportion" and i.direction == "lower")


def drawn(events: list[float], cases: list[float], provisional: int = 0) -> Block:
    """Events among cases, by month from 2024-01; the last `provisional` months may still change."""
    n = len(events)
    months = tuple(f"{2024 + m // 12}-{m % 12 + 1:02d}" for m in range(n))
    top, bottom = np.array([events], dtype=float), np.array([cases], dtype=float)
    late = np.array([[False] * (n - provisional) + [True] * provisional])
    laid = Laid(
        units=("心内科",), months=months, numerator=top, denominator=bottom, value=top / bottom * MORTALITY.scale,
        spread=np.full((1, n), np.nan), provisional=late, revision=np.zeros((1, n), dtype=np.int64),
    )  # fmt: skip
    return chart(MORTALITY, laid, rules_of(PACK.manifest, MORTALITY), "H1", "department")


def judged(events: list[float], cases: int = 400, expected: float | None = None, provisional: int = 0) -> Effect:
    """A year before the work, the work in 2025-01 and 02, and what follows from 2025-03."""
    block = drawn(events, [float(cases)] * len(events), provisional)
    return effect(block, 0, Span("2024-01", "2024-12"), Span("2025-03", "2026-12"), expected)


STEADY = [40.0, 36, 44, 39, 41, 42, 38, 40, 37, 43, 40, 40]
DURING = [38.0, 35.0]


def test_the_interval_of_a_difference_is_that_of_newcombe() -> None:
    # 56/70 against 48/80: 0.2000 (0.0524 to 0.3339), Newcombe, Stat Med 1998;17:873, table II, method 10
    bounds = [wilson(np.array([float(k)]), np.array([float(n)])) for k, n in ((48, 80), (56, 70))]
    before, after = (
        Level(k / n, float(low[0]), float(high[0]), 12)
        for (low, high), (k, n) in zip(bounds, ((48, 80), (56, 70)), strict=True)
    )
    assert np.round(_difference(before, after), 4).tolist() == [0.2, 0.0524, 0.3339]


def test_a_halved_rate_that_stays_is_proven() -> None:
    found = judged(STEADY + DURING + [20, 22, 19, 21, 20, 18], expected=6.0)
    assert (found.verdict, found.holding) == (Verdict.IMPROVED, Holding.HOLDS)
    assert found.proven
    assert found.reached is True
    assert found.before.value == pytest.approx(10.0)  # 480 of 4,800
    assert found.after.value == pytest.approx(5.0)  # 120 of 2,400
    assert found.change == pytest.approx(-5.0)
    assert found.low < found.change < found.high < 0


def test_chance_is_no_improvement() -> None:
    found = judged([*STEADY, *DURING, 39, 41, 37, 42])
    assert found.verdict is Verdict.UNCHANGED
    assert not found.proven


def test_an_improvement_that_went_away_is_not_proven() -> None:
    found = judged([*STEADY, *DURING, 12, 10, 11, 9, 12, 39, 41, 40])
    assert (found.verdict, found.holding) == (Verdict.IMPROVED, Holding.FADING)
    assert not found.proven


def test_two_months_are_too_early_and_provisional_months_do_not_count() -> None:
    assert judged([*STEADY, *DURING, 20, 20]).verdict is Verdict.TOO_EARLY
    assert judged([*STEADY, *DURING, 20, 20, 20], provisional=1).verdict is Verdict.TOO_EARLY


def test_the_wrong_way_is_said() -> None:
    assert judged([*STEADY, *DURING, 80, 78, 82, 79]).verdict is Verdict.WORSENED


def test_a_fall_that_had_begun_before_the_work_is_not_its_merit() -> None:
    falling = [60.0 - 2 * m for m in range(24)]
    found = judged(falling)
    assert found.trend_before
    assert found.high < 0  # lower it is
    assert found.verdict is Verdict.UNCHANGED  # but no lower than it would have been


def test_months_that_vary_more_than_chance_widen_the_interval() -> None:
    calm = judged(STEADY + DURING + [30, 31, 29, 30])
    wild = judged([10, 70, 20, 60, 40, 40, 5, 75, 30, 50, 15, 65, *DURING, 5, 55, 10, 50])
    assert calm.dispersion == 1.0
    assert wild.dispersion > 5
    assert wild.high - wild.low > 2 * (calm.high - calm.low)
    assert wild.verdict is Verdict.UNCHANGED


def test_no_cases_at_all_is_too_early_not_an_error() -> None:
    block = drawn([np.nan] * 20, [np.nan] * 20)
    assert effect(block, 0, Span("2024-01", "2024-12"), Span("2025-03", "2026-12")).verdict is Verdict.TOO_EARLY


def test_nothing_happening_is_rarely_called_an_improvement_and_a_real_one_is_mostly_found() -> None:
    rng = np.random.default_rng(7)

    def found(rate_after: float) -> float:
        proven = 0
        for _ in range(200):
            quiet = rng.beta(0.1 * 300, 0.9 * 300, 14)  # months differ more than chance
            later = rng.beta(rate_after * 300, (1 - rate_after) * 300, 6)
            proven += judged(rng.binomial(400, np.concatenate([quiet, later])).astype(float).tolist()).proven
        return proven / 200

    assert found(0.1) <= 0.04
    assert found(0.05) >= 0.9


def test_a_value_that_never_moved_has_an_interval_of_no_width() -> None:
    found = judged([40.0] * 12 + DURING + [40.0] * 4)
    assert found.verdict is Verdict.UNCHANGED
    stays = next(i for i in PACK.indicators.values() if i.kind == "mean")
    months = tuple(f"{2024 + m // 12}-{m % 12 + 1:02d}" for m in range(18))
    same = np.full((1, 18), 8.0)
    laid = Laid(
        units=("心内科",), months=months, numerator=same, denominator=np.full((1, 18), 20.0), value=same,
        spread=np.zeros((1, 18)), provisional=np.zeros((1, 18), dtype=bool), revision=np.zeros((1, 18), dtype=np.int64),
    )  # fmt: skip
    block = chart(stays, laid, rules_of(PACK.manifest, stays), "H1", "department")
    level = effect(block, 0, Span("2024-01", "2024-12"), Span("2025-01", "2025-06")).after
    assert (level.low, level.value, level.high) == (8.0, 8.0, 8.0)
