"""Commands on indicators: compute, explain, drill down, signals, and proof of the standards."""

from __future__ import annotations

import csv
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from xunzhi.cli.app import app, errors, out, progress, settings
from xunzhi.measures import HOSPITAL, DuckEngine, Engine, Mask, Readings, SparkEngine, Wanted, cases
from xunzhi.measures import explain as explain_indicator
from xunzhi.measures import measure as run_measure
from xunzhi.measures.charts import read_baselines
from xunzhi.measures.proof import prove_case, prove_oracles
from xunzhi.measures.signals import scan

Institution = Annotated[str | None, typer.Option(help="机构 / institution; default: the only one")]
Period = Annotated[str | None, typer.Option(help="2026-09, 2026Q3, 2026; default: the newest month")]


@app.command()
def measure(
    full: Annotated[bool, typer.Option(help="全部重算 / compute everything anew")] = False,
    engine: Annotated[str, typer.Option(help="duckdb, spark")] = "duckdb",
) -> None:
    """计算全部指标(只重算变化的部分) / Bring all indicators up to date with the lake."""
    now = settings()
    with progress() as bar:
        task = bar.add_task("", total=1)

        def tell(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of)

        run = run_measure(now.lake, now.home, full=full, engine=_engine(engine), progress=tell)
    again = sum(len(months) for months in run.months.values() if months is not None)
    anew = sum(months is None for months in run.months.values())
    out.print(
        now.say(
            f"数据版本 {run.lake_version}:{run.results} 条结果,{run.seconds:.1f} 秒"
            f"(整表重算 {anew} 个粒度,另重算 {again} 个粒度月)",
            f"lake version {run.lake_version}: {run.results} results in {run.seconds:.1f} s "
            f"({anew} grains in full, {again} grain-months again)",
        )
    )
    for fault in run.faults:
        errors.print(f"{fault.indicator}: {fault.message}", style="red", markup=False)
    if run.faults:
        raise typer.Exit(1)


def _engine(name: str) -> Any:
    if name == "duckdb":
        return lambda snapshot: DuckEngine.on(snapshot, spill=settings().home / "spill")
    if name != "spark":
        raise ValueError(f"引擎须为 duckdb 或 spark / engine must be duckdb or spark, got {name!r}")
    return _spark


def _spark(snapshot: Any) -> Engine:
    """Spark is an extra: heavy, and not always installed."""
    session = (
        import_module("pyspark.sql").SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    )
    return SparkEngine.on(snapshot, session)


def readings() -> Readings:
    """The stored results, with a warning when they are not those of the newest facts."""
    now = settings()
    found = Readings(now.lake, now.home)
    freshness = found.freshness()
    if freshness.state is None:
        raise ValueError(now.say("还没有计算结果,请先运行 xunzhi measure", "no results yet; run xunzhi measure first"))
    if freshness.stale:
        text = now.say(
            "结果不是最新数据的,请运行 xunzhi measure", "results are not those of the newest facts; run xunzhi measure"
        )
        errors.print(text, style="yellow")
    if freshness.failure:
        errors.print(
            now.say("上次计算失败:", "the last computation failed: ") + freshness.failure["error"],
            style="red",
            markup=False,
        )
    return found


def one_institution(found: Readings, wanted: str | None) -> str:
    """The institution asked for, or the only one there is."""
    known = found.institutions()
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        raise ValueError(
            settings().say(f"请用 --institution 指定机构:{known}", f"name one with --institution: {known}")
        )
    return wanted


@app.command()
def explain(indicator: str, period: Period = None) -> None:
    """解释一个指标:定义、SQL、每个条件剩下多少行 / Explain an indicator: definition, SQL, rows per clause."""
    now = settings()
    found = Readings(now.lake, now.home)
    spec = found.indicator(indicator)
    chosen = period or found.newest()
    with DuckEngine.on(now.lake.snapshot(), spill=now.home / "spill") as engine:
        explanation = explain_indicator(engine, now.pack, spec, chosen)
    revision = spec.revisions[explanation.revision]
    source = revision.source
    out.print(f"[bold]{spec.label(now.language)}[/bold]  ({spec.id}, {spec.unit})")
    out.print(spec.why(now.language))
    out.print(
        f"{source.document} {source.edition} {source.item} · "
        + now.say(
            f"核对程度 {source.verified} · 自 {revision.since} 起",
            f"verified: {source.verified} · from {revision.since}",
        )
    )
    for part, sql in explanation.sql.items():
        out.print(f"\n[bold]{part}[/bold]")
        out.print(sql, markup=False, highlight=False)
    table = Table("", now.say("条件", "clause"), now.say("剩余行数", "rows left"), title=chosen)
    for clause in explanation.clauses:
        table.add_row(clause.part, clause.text, f"{clause.rows:,}")
    out.print(table)


@app.command()
def patients(
    indicator: str,
    period: Period = None,
    department: Annotated[str | None, typer.Option(help="科室代码 / department code")] = None,
    part: Annotated[str, typer.Option(help="numerator, denominator")] = "numerator",
    institution: Institution = None,
    identified: Annotated[bool, typer.Option(help="显示患者身份 / show who the patients are")] = False,
    limit: int = 1000,
    to: Annotated[Path | None, typer.Option(help="写入 CSV / write CSV")] = None,
) -> None:
    """一个数字背后的病例(默认隐去患者身份) / The cases behind a number, patients masked by default."""
    now = settings()
    found = readings()
    wanted = Wanted(
        period=period or found.newest(),
        part=part,
        institution=one_institution(found, institution),
        stratum="department" if department is not None else HOSPITAL,
        unit=department,
        limit=limit,
    )
    with DuckEngine.on(now.lake.snapshot(), spill=now.home / "spill") as engine:
        rows = cases(engine, now.pack, found.indicator(indicator), wanted, None if identified else Mask.of(now.home))
    if to:
        with to.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(rows.column_names)
            writer.writerows(row.values() for row in rows.to_pylist())
    else:
        table = Table(*rows.column_names)
        for row in rows.to_pylist():
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        out.print(table)
    errors.print(now.say(f"{rows.num_rows} 例", f"{rows.num_rows} cases"))


@app.command()
def signals(
    period: Period = None,
    institution: Institution = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    improvements: Annotated[bool, typer.Option(help="也列出好转 / improvements too")] = True,
) -> None:
    """异常变动清单 / What moved: ranked, with rule, size and expected false alarms."""
    now = settings()
    found = readings()
    month = period or found.newest()
    result = scan(
        found, one_institution(found, institution), month, baselines=read_baselines(now.home / "baselines.yaml")
    )
    chosen = [signal for signal in result.signals if improvements or signal.kind != "improvement"]
    if as_json:
        json.dump([signal.__dict__ for signal in chosen], sys.stdout, ensure_ascii=False, indent=1)
        return
    names = {stratum: found.unit_names(stratum) for stratum in ("department",)}
    heads = now.say(
        "指标 单位 变动 规则 值 中心线 σ q 责任部门", "indicator unit kind rules value centre σ q owner"
    ).split()
    table = Table(*heads, title=month)
    for signal in chosen:
        unit = names.get(signal.stratum, {}).get((signal.institution, signal.unit), signal.unit)
        table.add_row(
            now.pack.indicators[signal.indicator].label(now.language),
            now.say("全院", "hospital") if signal.stratum == HOSPITAL else unit,
            signal.kind,
            ", ".join(signal.rules),
            f"{signal.value:.4g}",
            f"{signal.centre:.4g}",
            f"{signal.sigmas:+.1f}",
            f"{signal.q:.2g}",
            now.pack.manifest.owners[signal.owner](now.language),
        )
    out.print(table)
    out.print(
        now.say(
            f"共看 {result.charts} 张图;若什么都没有变,预期仍有 {result.expected_false_alarms:.1f} 个误报",
            f"{result.charts} charts looked at; "
            f"{result.expected_false_alarms:.1f} false alarms to expect if nothing moved",
        )
    )


@app.command()
def prove(
    indicators: Annotated[list[str] | None, typer.Argument(help="默认全部 / default: all")] = None,
    facts: Annotated[bool, typer.Option(help="也在现有数据上核对 / also against the lake")] = False,
) -> None:
    """核对标准:每个指标的手工算例与独立 SQL / Prove the standards: worked cases and independent SQL."""
    now = settings()
    pack = now.pack
    chosen = [pack.indicators[name] for name in indicators or pack.indicators]
    problems = [problem for indicator in chosen for problem in prove_case(pack, indicator)]
    if facts:
        snapshot = now.lake.snapshot()
        with DuckEngine.on(snapshot, spill=now.home / "spill") as engine, progress() as bar:
            task, as_of = bar.add_task("", total=len(chosen)), snapshot.at.time.date()
            problems += prove_oracles(
                engine, pack, chosen, as_of, lambda name: bar.update(task, advance=1, description=name)
            )
    for problem in problems:
        errors.print(problem, style="red", markup=False)
    out.print(
        now.say(
            f"核对 {len(chosen)} 个指标,{len(problems)} 处不符",
            f"{len(chosen)} indicators, {len(problems)} disagreements",
        )
    )
    if problems:
        raise typer.Exit(1)
