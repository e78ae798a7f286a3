"""Measures: indicators computed from facts. `measure` brings them up to date, `Readings` reads them."""

from __future__ import annotations

from xunzhi.measures.cube import HOSPITAL
from xunzhi.measures.drill import Mask, Wanted, cases
from xunzhi.measures.engine import DuckEngine, Engine, SparkEngine
from xunzhi.measures.explain import Explanation, explain
from xunzhi.measures.periods import kind_of, months_in, shifted
from xunzhi.measures.reading import Readings
from xunzhi.measures.run import Run, measure
from xunzhi.measures.store import MeasureError, MeasureStore, State

__all__ = [
    "HOSPITAL",
    "DuckEngine",
    "Engine",
    "Explanation",
    "Mask",
    "MeasureError",
    "MeasureStore",
    "Readings",
    "Run",
    "SparkEngine",
    "State",
    "Wanted",
    "cases",
    "explain",
    "kind_of",
    "measure",
    "months_in",
    "shifted",
]
