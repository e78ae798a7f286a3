"""Engine and oracle are compared also where a grain is not divided by department."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.measures.facts import PACK, stays, table
from xunzhi.measures.engine import DuckEngine
from xunzhi.measures.proof import prove_oracles
from xunzhi.standards import Pack

ORACLE = """
SELECT institution, strftime(discharge_time, '%Y-%m') AS month, {department} AS department,
  avg(date_diff('day', admission_time, discharge_time)) AS value, count(*) AS denominator
FROM encounter WHERE discharge_time IS NOT NULL GROUP BY ALL
"""


def proved(pack: Pack, indicator: str, oracle: str) -> list[str]:
    item = pack.indicators[indicator]
    revision = item.revisions[0].model_copy(update={"oracle": oracle})
    facts = stays(
        ("P1", "心内科", "2026-01-02", "2026-01-05", False), ("P2", "骨科", "2026-01-02", "2026-01-09", False)
    )
    rows = {name: table(name, facts if name == "encounter" else []) for name in pack.tables}
    with DuckEngine.of(pack, rows) as engine:
        return prove_oracles(engine, pack, [item.model_copy(update={"revisions": (revision,)})], date(2026, 12, 1))


def test_a_mean_by_department() -> None:
    assert proved(PACK, "stay", ORACLE.format(department="department")) == []
    assert proved(PACK, "stay", ORACLE.format(department="department").replace("avg(", "1 + avg(")) != []


def test_a_mean_over_a_grain_without_departments() -> None:
    grain = PACK.grains["discharge"].model_copy(update={"strata": {}})
    pack = replace(PACK, grains={**PACK.grains, "discharge": grain})
    assert proved(pack, "stay", ORACLE.format(department="''")) == []
    assert proved(pack, "stay", ORACLE.format(department="''").replace("avg(", "1 + avg(")) != []
