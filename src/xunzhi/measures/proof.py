"""Proof of indicators: the worked case by hand, the oracle by naive SQL, and the engine must agree."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.measures.coverage import Coverage, reach
from xunzhi.measures.cube import HOSPITAL, Cube, compute
from xunzhi.measures.engine import DuckEngine, Engine
from xunzhi.measures.periods import PERIOD_KINDS
from xunzhi.measures.plan import plan
from xunzhi.measures.results import Arithmetic
from xunzhi.standards import Case, Indicator, Pack, Revision
from xunzhi.standards.indicators import Aggregate, Reference

CASE_INSTITUTION = "H1"

Figures = tuple[float | None, float | None, float | None]
"""Numerator, denominator and value; None where there is none."""


def case_rows(pack: Pack, case: Case) -> dict[str, pa.Table]:
    """The tables of a worked case. Headings are column names or Chinese labels; empty cells are null.

    Raises:
        ValueError: for a heading that is no column, or a row with another number of cells.
    """
    return {name: _pipe_table(pack, name, text) for name, text in case.tables.items()}


def _pipe_table(pack: Pack, name: str, text: str) -> pa.Table:
    labels = {spec.label.zh: column for column, spec in pack.tables[name].columns.items()}
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    lines = [line for line in lines if not all(set(cell) <= set("-: ") and cell for cell in line)]
    heading = [labels.get(cell, cell) for cell in lines[0]]
    for column in heading:
        if column not in pack.tables[name].columns:
            raise ValueError(f"worked case: table {name} has no column {column!r}")
    for line in lines[1:]:
        if len(line) != len(heading):
            raise ValueError(f"worked case: table {name} has {len(heading)} columns, but a row has {len(line)}: {line}")
    columns = {
        column: pa.array([line[index] or None for line in lines[1:]], pa.string())
        for index, column in enumerate(heading)
    }
    if "institution" not in columns:
        columns["institution"] = pa.array([CASE_INSTITUTION] * (len(lines) - 1), pa.string())
    return pa.table(columns)


def alone(pack: Pack, indicator: Indicator) -> dict[str, Indicator]:
    """The indicator and those that it refers to."""
    found = {indicator.id: indicator}
    for revision in indicator.revisions:
        for part in (revision.numerator, revision.denominator):
            if isinstance(part, Reference):
                found |= alone(pack, pack.indicators[part.indicator])
    return found


def results_of(
    engine: Engine,
    pack: Pack,
    indicators: Mapping[str, Indicator],
    as_of: date,
    kinds: Collection[str] = PERIOD_KINDS,
) -> Arithmetic:
    """Compute some indicators over everything that an engine shows, for some kinds of periods."""
    part = replace(pack, indicators=indicators)
    cubes = {name: compute(engine, grain) for name, grain in plan(part).items()}
    return Arithmetic(part, cubes, coverage_of(part, cubes, as_of), lake_version=0, kinds=kinds)


def coverage_of(pack: Pack, cubes: Mapping[str, Cube], as_of: date) -> Coverage:
    """The coverage of a set of cubes."""
    return Coverage({name: reach(cube.sums) for name, cube in cubes.items()}, as_of, pack.manifest.settle_days)


def prove_case(pack: Pack, indicator: Indicator) -> list[str]:
    """Run the worked case of every revision; each disagreement is one sentence, none means proved."""
    problems: list[str] = []
    for index, revision in enumerate(indicator.revisions):
        only = indicator.model_copy(update={"revisions": (revision.model_copy(update={"since": date(1900, 1, 1)}),)})
        where = f"{indicator.id} (revision {index + 1})"
        with DuckEngine.of(pack, case_rows(pack, revision.case)) as engine:
            indicators = {**alone(pack, indicator), indicator.id: only}
            arithmetic = results_of(engine, pack, indicators, date(2999, 1, 1))
            found = _monthly(arithmetic.table())[indicator.id]
            problems += [f"{where}: {fault.message}" for fault in arithmetic.faults]
            problems += [f"{where}: {text}" for text in _against_expected(found, revision.case)]
            problems += [f"{where}: {text}" for text in _against_oracle(found, engine, indicator, revision)]
    return problems


def prove_oracles(
    engine: Engine,
    pack: Pack,
    indicators: Iterable[Indicator],
    as_of: date,
    looked_at: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Compare engine and oracles on all facts that an engine shows, for every department and month.

    The engine computes all indicators at once, then each oracle runs; `looked_at` is told which one. Where definitions
    changed, each revision's oracle is compared over the months in which it was in force.
    """
    chosen = {indicator.id: indicator for indicator in indicators}
    needed = {name: item for indicator in chosen.values() for name, item in alone(pack, indicator).items()} | chosen
    arithmetic = results_of(engine, by_department(pack), needed, as_of, kinds=("month",))
    problems = [f"{fault.indicator}: {fault.message}" for fault in arithmetic.faults]
    monthly = _monthly(arithmetic.table())
    for name, indicator in chosen.items():
        looked_at(name)
        problems += [f"{name}: {text}" for text in _against_oracles(monthly[name], engine, indicator)]
    return problems


def by_department(pack: Pack) -> Pack:
    """The pack with its grains divided by department only, as oracles divide them."""
    grains = {
        name: grain.model_copy(update={"strata": {k: v for k, v in grain.strata.items() if k == "department"}})
        for name, grain in pack.grains.items()
    }
    return replace(pack, grains=grains)


def _against_oracles(found: Mapping[Key, Figures], engine: Engine, indicator: Indicator) -> Iterable[str]:
    ends = [revision.since.isoformat()[:7] for revision in indicator.revisions[1:]] + ["9999-99"]
    for revision, end in zip(indicator.revisions, ends, strict=True):
        begin = revision.since.isoformat()[:7]
        part = {key: value for key, value in found.items() if begin <= key[1] < end}
        yield from _against_oracle(part, engine, indicator, revision, begin=begin, end=end)


Key = tuple[str, str, str | None]
"""Institution, month, department; None for the whole institution."""


def _monthly(table: pa.Table) -> Mapping[str, Mapping[Key, Figures]]:
    """Indicator → its figures of months, for the whole institution and its departments."""
    monthly = pc.and_(
        pc.equal(table["period_kind"], "month"), pc.is_in(table["stratum"], pa.array([HOSPITAL, "department"]))
    )
    found: dict[str, dict[Key, Figures]] = defaultdict(dict)
    for row in table.filter(monthly).to_pylist():
        key: Key = row["institution"], row["period"], None if row["stratum"] == HOSPITAL else row["unit"]
        found[row["indicator"]][key] = (row["numerator"], row["denominator"], row["value"])
    return found


def _against_expected(found: Mapping[Key, Figures], case: Case) -> Iterable[str]:
    for expected in case.expect:
        figures = found.get((CASE_INSTITUTION, expected.month, expected.department), (None, None, None))
        for name, want, have in zip(
            FIGURE_NAMES, (expected.numerator, expected.denominator, expected.value), figures, strict=True
        ):
            if want is not None and not _same(want, have):
                at = expected.department or "the whole institution"
                yield f"worked case: {name} of {at} in {expected.month} must be {want:g}, the engine says {have}"


FIGURE_NAMES = ("numerator", "denominator", "value")


def _against_oracle(
    found: Mapping[Key, Figures],
    engine: Engine,
    indicator: Indicator,
    revision: Revision,
    begin: str = "",
    end: str = "9999-99",
) -> Iterable[str]:
    rows = engine.query(revision.oracle.strip().rstrip(";")).to_pylist()
    by_department = any(key[2] is not None for key in found)
    expected: dict[Key, Figures] = {}
    for row in rows:
        if begin <= row["month"] < end:
            key: Key = row["institution"], row["month"], _division(row["institution"], row["department"])
            expected[key] = (_number(row.get("numerator")), _number(row.get("denominator")), _number(row.get("value")))
    spread = isinstance(revision.numerator, Aggregate) and revision.numerator.function in (
        "mean",
        "median",
        "quantile",
        "distinct",
    )
    if not by_department:
        expected = (
            {(who, month, None): value for (who, month, _), value in expected.items()} if spread else _whole(expected)
        )
        found = {key: value for key, value in found.items() if key[2] is None}
    else:
        found = {key: value for key, value in found.items() if key[2] is not None}
    keys = {key for key, value in expected.items() if any(value[:2]) or (value[2] is not None and spread)} | set(found)
    for key in sorted(keys, key=str):
        yield from _differences(indicator, key, found.get(key), expected.get(key))


def _division(institution: str, department: str | None) -> str:
    """The department of a row; of one for the whole institution, which stands under its own code, none."""
    return department if department and department != institution else ""


def _differences(indicator: Indicator, key: Key, have: Figures | None, want: Figures | None) -> Iterable[str]:
    where = f"{key[0]} {key[1]} {key[2] if key[2] is not None else ''}".strip()
    have, want = have or (None, None, None), want or (None, None, None)
    compared = (1, 2) if indicator.kind in ("mean", "median", "quantile") else (0, 1)
    for place in compared:
        if place == 1 and indicator.kind in ("count", "sum", "distinct"):
            continue
        if not _same(want[place] or 0.0, have[place] or 0.0):
            yield f"{where}: {FIGURE_NAMES[place]} by the oracle {want[place]}, by the engine {have[place]}"


def _whole(rows: Mapping[Key, Figures]) -> dict[Key, Figures]:
    """Departments added up, for indicators that are not divided by department."""
    totals: dict[Key, Figures] = {}
    for (institution, month, _), figures in rows.items():
        before = totals.get((institution, month, None), (0.0, 0.0, None))
        totals[institution, month, None] = (
            (before[0] or 0) + (figures[0] or 0),
            (before[1] or 0) + (figures[1] or 0),
            None,
        )
    return totals


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = float(value)  # type: ignore[arg-type]
    return None if math.isnan(number) else number


def _same(want: float, have: float | None) -> bool:
    return have is not None and math.isclose(want, have, rel_tol=1e-9, abs_tol=1e-6)
