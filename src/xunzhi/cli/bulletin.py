"""`xunzhi bulletin`: print bulletins of a period."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xunzhi.cli.app import app, errors, out, progress, settings
from xunzhi.cli.measure import Institution, one_institution
from xunzhi.measures import Readings
from xunzhi.measures.charts import read_baselines
from xunzhi.reports import RENDERERS, Source, build, read_profile
from xunzhi.reports.messages import Messages


@app.command("bulletin")
def bulletin(
    period: Annotated[
        str | None, typer.Argument(help="2026-09, 2026Q3, 2026;默认最新月份 / default: newest month")
    ] = None,
    institution: Institution = None,
    department: Annotated[
        list[str] | None, typer.Option(help="科室代码,可多次 / department code, may be repeated")
    ] = None,
    departments: Annotated[str, typer.Option(help="all:全院及所有科室 / the hospital and all its departments")] = "",
    formats: Annotated[str, typer.Option(help="docx,pdf,xlsx,html")] = ",".join(RENDERERS),
    lang: Annotated[
        str | None, typer.Option(help="zh / en;默认同命令行语言 / default: that of the command line")
    ] = None,
    to: Annotated[Path, typer.Option(help="输出目录 / folder to write to")] = Path(),
    allow_stale: Annotated[bool, typer.Option(help="结果过期也出报 / print stale results too")] = False,
) -> None:
    """出质量简报:Word、PDF、Excel、HTML / Print quality bulletins."""
    now = settings()
    language = lang or now.language
    chosen = _formats(formats)
    source = _source(period, institution, language, allow_stale)
    units = _units(source, department or [], departments)
    to.mkdir(parents=True, exist_ok=True)
    with progress() as bar:
        task = bar.add_task(now.say("出报", "printing"), total=len(units) * len(chosen))
        for unit in units:
            made = build(source, language, unit)
            for name in chosen:
                file = to / f"{made.id}.{name}"
                draft = file.with_name(f".{file.name}.new")
                draft.write_bytes(RENDERERS[name](made))
                draft.replace(file)
                now.lake.versions.hold(source.state.lake_version, f"bulletin {source.period}")
                out.print(str(file), markup=False, highlight=False, soft_wrap=True)
                bar.advance(task)


def _formats(text: str) -> list[str]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    for name in chosen:
        if name not in RENDERERS:
            known = ", ".join(RENDERERS)
            raise ValueError(settings().say(f"没有格式 {name};可用:{known}", f"no format {name}; there are {known}"))
    return chosen


def _source(period: str | None, institution: str | None, language: str, allow_stale: bool) -> Source:
    """The results to print, unless they are stale and that was not allowed.

    Raises:
        ValueError: without results, or with stale ones.
    """
    now = settings()
    found = Readings(now.lake, now.home)
    freshness = found.freshness()
    if freshness.state is None:
        raise ValueError(now.say("还没有计算结果,请先运行 xunzhi measure", "no results yet; run xunzhi measure first"))
    if freshness.stale or freshness.failure:
        text = Messages(language)("error.stale")
        if not allow_stale:
            raise ValueError(text)
        errors.print(text, style="yellow", markup=False)
    chosen = period or found.newest()
    baselines = read_baselines(now.home / "baselines.yaml")
    return Source(found, one_institution(found, institution), chosen, baselines, read_profile(now.home))


def _units(source: Source, department: list[str], departments: str) -> list[str]:
    if departments not in ("", "all"):
        raise ValueError(settings().say("--departments 只能是 all", "--departments can only be all"))
    return ["", *source.units] if departments else department or [""]
