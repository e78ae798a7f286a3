"""The default rules against limits alone on a few hundred series; with thousands in benchmarks/detection.py."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.measures.charts import rule_of
from xunzhi.synth import Hospital

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def detection():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield importlib.import_module("benchmarks.detection")


@pytest.fixture(scope="module")
def seen(detection: Any):
    """A hospital of 300 beds with 25 faults of each kind; the rules of the pack and limits of several widths."""
    hospital = Hospital(beds=300, months=detection.MONTHS, start=detection.START, seed=11)
    wards = detection.made(hospital, 25, np.random.default_rng(11))
    narrow = [detection.beyond(width) for width in (2.6, 3.0)]
    return detection.watch(wards, (*default(detection), *narrow))


def default(detection: Any) -> tuple[spc.Rule, ...]:
    return tuple(rule_of(code) for code in detection.pack().manifest.rules)


def test_the_same_seed_gives_the_same_series(detection):
    hospital = Hospital(beds=120, months=detection.MONTHS, start=detection.START, seed=3)
    first, second = (detection.made(hospital, 2, np.random.default_rng(1)) for _ in "ab")
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.numerator, other.numerator)
        np.testing.assert_array_equal(one.denominator, other.denominator)


def test_a_fault_leaves_the_months_before_it_alone(detection):
    hospital = Hospital(beds=300, months=detection.MONTHS, start=detection.START, seed=11)
    quiet = {ward.rate: ward for ward in detection.made(hospital, 0, np.random.default_rng(1))}
    faulty = {ward.rate: ward for ward in detection.made(hospital, 25, np.random.default_rng(1))}
    before = slice(0, detection.BROKEN)
    for rate, ward in faulty.items():
        np.testing.assert_array_equal(ward.numerator[:, before], quiet[rate].numerator[:, before])
        clean = ward.fault < 0
        np.testing.assert_array_equal(ward.numerator[clean], quiet[rate].numerator[clean])
    changed = [(ward.numerator != quiet[rate].numerator)[ward.fault >= 0].any(axis=1) for rate, ward in faulty.items()]
    assert np.concatenate(changed).mean() > 0.95


def test_limits_at_three_standard_errors_are_the_rule_outside(detection, seen):
    np.testing.assert_array_equal(seen.alarms[detection.beyond(3.0)], seen.alarms[spc.RULES["outside"]()])


def test_the_default_finds_more_with_fewer_false_alarms_than_narrow_limits(detection, seen):
    mine, narrow = detection.score(seen, default(detection)), detection.score(seen, [detection.beyond(2.6)])
    assert mine.false_alarms < narrow.false_alarms < 0.35
    assert mine.found() > narrow.found() + 0.05
    assert mine.months.mean() < narrow.months.mean()


def test_a_chart_without_a_fault_seldom_alarms(detection, seen):
    assert detection.score(seen, default(detection)).clean_with_alarm < 0.2
