"""The tools of improvement: what people enter becomes a picture, a sentence and figures that later steps go on with.

A tool's form stands in the pack (improve.yaml); here is what it computes. `OUTCOMES` maps a tool's key to its function.
Values are those of the form, half-filled or not: what is missing is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xunzhi.web.improve.tools import benefit, check_sheet, fishbone, goal, pareto, plan, scoring, stratification, whys
from xunzhi.web.improve.tools.outcome import Outcome

OUTCOMES: Mapping[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "benefit_economic": benefit.economic,
    "benefit_intangible": benefit.intangible,
    "benefit_tangible": benefit.tangible,
    "check_sheet": check_sheet.outcome,
    "fishbone": fishbone.outcome,
    "goal": goal.outcome,
    "measures_choice": scoring.outcome,
    "pareto": pareto.outcome,
    "plan": plan.outcome,
    "stratification": stratification.outcome,
    "topic_choice": scoring.outcome,
    "whys": whys.outcome,
}

__all__ = ["OUTCOMES", "Outcome"]
