"""`xunzhi synth`: make a synthetic hospital with known faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from xunzhi.cli.app import app, out, progress, settings
from xunzhi.synth import Hospital, beds_for, generate, load_scenario


@app.command("synth")
def synth(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="输出目录(空)/ empty folder to write to")],
    beds: Annotated[int, typer.Option(min=20, help="床位数 / beds")] = 500,
    months: Annotated[int, typer.Option(min=1, help="月数 / months")] = 24,
    start: Annotated[str, typer.Option(help="首月 / first month")] = "2025-01",
    seed: Annotated[int, typer.Option(help="随机种子:同种子同数据 / same seed, same data")] = 1,
    scenario: Annotated[str, typer.Option(help="场景名或文件 / scenario by name or file")] = "default",
    discharges: Annotated[int | None, typer.Option(min=100, help="总出院人次(代替床位数)/ instead of beds")] = None,
    detail: Annotated[float, typer.Option(min=0.05, max=3, help="明细多少 / rows per discharge")] = 1.0,
    dirt: Annotated[float, typer.Option(min=0, max=0.2, help="脏数据比例 / share of spoilt rows")] = 0.002,
    csv: Annotated[list[str] | None, typer.Option(help="也写成 CSV 的表 / tables to write as CSV too")] = None,
    encoding: Annotated[Literal["gb18030", "utf-8"], typer.Option(help="CSV 编码 / encoding of the CSV")] = "gb18030",
) -> None:
    """生成一家合成医院:全部标准表、映射文件与真相 / a synthetic hospital: all tables, mappings and the truth."""
    first = _month(start)
    hospital = Hospital(
        beds=beds_for(discharges, months) if discharges else beds,
        months=months,
        start=first,
        seed=seed,
        detail=detail,
        dirt=dirt,
        scenario=load_scenario(scenario, first, months),
    )
    with progress() as bars:
        task = bars.add_task(settings().say("生成", "making"), total=months)

        def show(done: int, _: int) -> None:
            bars.update(task, completed=done)

        summary = generate(hospital, folder, progress=show, csv=tuple(csv or ()), encoding=encoding)
    stays, rows = f"{summary.rows['encounter']:,}", f"{sum(summary.rows.values()):,}"
    size, dirty = hospital.beds, f"{summary.dirty:,}"
    zh = f"{folder}:{size} 张床,{months} 个月,出院 {stays} 人次,共 {rows} 行,脏值 {dirty} 处"
    en = f"{folder}: {size} beds, {months} months, {stays} discharges, {rows} rows, {dirty} spoilt"
    out.print(settings().say(zh, en))


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ValueError(f"首月须写作 2025-01 / the first month must look like 2025-01, got {text!r}") from error
