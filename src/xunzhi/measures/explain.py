"""Explaining a number: the definition in words and SQL, and how many rows each clause leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from xunzhi.measures.cube import month_of
from xunzhi.measures.engine import Engine
from xunzhi.measures.periods import months_in
from xunzhi.measures.plan import cells_of
from xunzhi.standards import Aggregate, Indicator, Pack
from xunzhi.standards.indicators import ALL
from xunzhi.standards.sql import parse_expression


@dataclass(frozen=True)
class Clause:
    """One condition of a numerator or denominator, and the rows left after it and those before it."""

    part: str
    text: str
    rows: int


@dataclass(frozen=True)
class Explanation:
    """How an indicator is computed in a period."""

    indicator: Indicator
    revision: int
    period: str
    sql: dict[str, str]
    clauses: tuple[Clause, ...]


def explain(engine: Engine, pack: Pack, indicator: Indicator, period: str) -> Explanation:
    """Explain an indicator in a period.

    Raises:
        ValueError: if no definition was in force then.
    """
    first, last = months_in(period)
    revision = indicator.revision_on(date.fromisoformat(f"{last}-01"))
    if revision is None:
        raise ValueError(
            f"{indicator.id} has no definition for {period}; the first is in force from {indicator.revisions[0].since}"
        )
    parts = {"numerator": revision.numerator, "denominator": revision.denominator}
    aggregates = {name: part for name, part in parts.items() if isinstance(part, Aggregate)}
    sql = {name: _sql(pack, part, first, last) for name, part in aggregates.items()}
    clauses = [
        clause for name, part in aggregates.items() for clause in _clauses(engine, pack, name, part, first, last)
    ]
    return Explanation(indicator, indicator.revisions.index(revision), period, sql, tuple(clauses))


def _between(time: str, first: str, last: str) -> str:
    return f"{month_of(time)} BETWEEN '{first}' AND '{last}'"


def _sql(pack: Pack, aggregate: Aggregate, first: str, last: str) -> str:
    """The query that a careful analyst would run for one number over the grain."""
    grain = pack.grains[aggregate.grain]
    chosen = {
        "count": "count(*)",
        "sum": f"sum({aggregate.expression})",
        "mean": f"avg({aggregate.expression})",
        "median": f"median({aggregate.expression})",
        "quantile": f"quantile_cont({aggregate.expression}, {aggregate.q})",
        "distinct": f"count(DISTINCT {aggregate.expression})",
    }[aggregate.function]
    return (
        f"SELECT institution, {chosen}\nFROM (\n{grain.sql.strip()}\n) AS {grain.grain}\n"
        f"WHERE {_between(grain.time, first, last)}\n  AND ({cells_of(aggregate)[0].condition})\nGROUP BY institution"
    )


def _conjuncts(condition: str) -> list[str]:
    """The parts of a condition that AND joins."""
    if condition == ALL:
        return []
    parsed = parse_expression(condition)
    parts = list(parsed.flatten()) if isinstance(parsed, exp.And) else [parsed]
    return [part.sql("duckdb") for part in parts]


def _clauses(engine: Engine, pack: Pack, name: str, aggregate: Aggregate, first: str, last: str) -> Iterator[Clause]:
    grain = pack.grains[aggregate.grain]
    condition = aggregate.expression if aggregate.function == "count" else aggregate.where or ALL
    clauses = _conjuncts(condition)
    if aggregate.function != "count":
        clauses.append(f"{aggregate.expression} IS NOT NULL")
    so_far, columns = [], ["count(*) AS n0"]
    for index, clause in enumerate(clauses, start=1):
        so_far.append(f"({clause})")
        columns.append(f"coalesce(count_if({' AND '.join(so_far)}), 0) AS n{index}")
    inner = f"SELECT * FROM ({grain.sql.strip()}) AS g WHERE {_between(grain.time, first, last)}"
    counts = engine.query(f"SELECT {', '.join(columns)} FROM ({inner}) AS r").to_pylist()[0]
    yield Clause(name, f"{grain.label.zh} / {grain.label.en}", int(counts["n0"]))
    for index, clause in enumerate(clauses, start=1):
        yield Clause(name, clause, int(counts[f"n{index}"]))
