"""`xunzhi synth`: make a synthetic hospital with known faults."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from xunzhi.cli.app import app, out, progress, settings
from xunzhi.synth import Hospital, beds_for, generate, load_scenario


@app.command("synth")
def synth(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="输出目录(空)/ empty folder to write to")],
    beds: Annotated[int, typer.Option(min=20, help="床位数 / beds")] = 500,
    months: Annotated[int, typer.Option(min=1, help="月数 / months")] = 24,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m"], help="首月 / first month, like 2025-01")] = datetime(2025, 1, 1),  # noqa: B008, DTZ001, E501
    seed: Annotated[int, typer.Option(help="随机种子:同种子同数据 / same seed, same data")] = 1,
    scenario: Annotated[str, typer.Option(help="场景名或文件 / scenario by name or file")] = "default",
    discharges: Annotated[int | None, typer.Option(min=100, help="总出院人次(代替床位数)/ instead of beds")] = None,
    detail: Annotated[float, typer.Option(min=0.05, max=3, help="明细多少 / rows per discharge")] = 1.0,
    dirt: Annotated[float, typer.Option(min=0, max=0.2, help="脏数据比例 / share of spoilt rows")] = 0.002,
) -> None:
    """生成一家合成医院:全部标准表、映射文件与真相 / a synthetic hospital: all tables, mappings and the truth."""
    first = start.date()
    size = beds_for(discharges, months) if discharges else beds
    hospital = Hospital(
        beds=size, months=months, start=first, seed=seed, detail=detail, dirt=dirt,
        scenario=load_scenario(scenario, first, months),
    )  # fmt: skip
    with progress() as bars:
        task = bars.add_task(settings().say("生成", "making"), total=months)
        summary = generate(hospital, folder, progress=lambda done, _: bars.update(task, completed=done))
    total = sum(summary.rows.values())
    out.print(
        settings().say(
            f"{folder}:{size} 张床,{months} 个月,出院 {summary.rows['encounter']:,} 人次,共 {total:,} 行;脏值 {summary.dirty:,} 处",
            f"{folder}: {size} beds, {months} months, {summary.rows['encounter']:,} discharges, {total:,} rows, {summary.dirty:,} spoilt",
        )
    )
