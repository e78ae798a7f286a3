"""A synthetic Chinese hospital with known faults, for demo, tests and benchmarks. Start at :func:`generate`."""

from __future__ import annotations

from xunzhi.synth.generate import beds_for, generate, month_tables, reference_tables
from xunzhi.synth.month import Hospital, Month
from xunzhi.synth.rates import Rate, all_rates
from xunzhi.synth.scenario import Scenario, ScenarioError, load_scenario
from xunzhi.synth.series import Bank, bank, series
from xunzhi.synth.write import Summary

__all__ = [
    "Bank",
    "Hospital",
    "Month",
    "Rate",
    "Scenario",
    "ScenarioError",
    "Summary",
    "all_rates",
    "bank",
    "beds_for",
    "generate",
    "load_scenario",
    "month_tables",
    "reference_tables",
    "series",
]
