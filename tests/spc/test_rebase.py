"""Proposals to rebase: shown the shift, quiet without one, and changing nothing by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc


def test_a_sustained_shift_is_proposed_with_its_reason() -> None:
    values = np.random.default_rng(1).normal(20, 1, (3, 48))
    values[1, 30:] -= 2.5
    before = values.copy()
    chart = spc.limits("i", values)
    (proposal,) = spc.propose_rebase(chart)
    assert proposal.series == (1,)
    assert abs(proposal.start - 30) <= 1
    assert proposal.points == 48 - proposal.start
    assert proposal.before - proposal.after == pytest.approx(2.5, abs=0.8)
    assert "fell from" in proposal.reason
    assert str(proposal.points) in proposal.reason
    assert "降至" in proposal.reason_zh
    np.testing.assert_array_equal(values, before)
    assert (chart.phase == 0).all()


def test_the_accepted_proposal_settles_the_chart() -> None:
    rng = np.random.default_rng(2)
    size = rng.integers(150, 300, 60)
    cases = rng.binomial(size, np.where(np.arange(60) < 35, 0.1, 0.2))
    (proposal,) = spc.propose_rebase(spc.limits("p", cases, size))
    assert abs(proposal.start - 35) <= 2
    phases = np.arange(60) >= proposal.start
    assert spc.propose_rebase(spc.limits("p", cases, size, phases=phases)) == []


def test_stable_series_are_left_alone() -> None:
    for points in (24, 60, 120):
        values = np.random.default_rng(points).standard_normal((4_000, points))
        assert len(spc.propose_rebase(spc.limits("i", values))) / 4_000 < 0.005


def test_a_shift_that_did_not_last_long_enough_is_not_proposed() -> None:
    values = np.random.default_rng(3).standard_normal(40)
    values[32:] += 4
    assert all(proposal.points >= 12 for proposal in spc.propose_rebase(spc.limits("i", values)))
    assert spc.propose_rebase(spc.limits("i", values[:20])) == []


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_series_without_variation(value: float) -> None:
    assert spc.propose_rebase(spc.limits("i", np.full((2, 40), value))) == []
