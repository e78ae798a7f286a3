"""Commands on the lake: bring data in, see what was refused, look at versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from xunzhi.cli.app import app, errors, out, progress, settings
from xunzhi.lake import quarantine as refused
from xunzhi.lake.deidentify import deidentified
from xunzhi.lake.ingest import check as dry_run
from xunzhi.lake.ingest import ingest as load
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.propose import propose
from xunzhi.lake.prune import prune as delete_versions
from xunzhi.lake.report import Report
from xunzhi.lake.retry import retry as run_again
from xunzhi.measures import MeasureStore

mapping_app = typer.Typer(no_args_is_help=True, help="映射:提出与试运行 / mappings: propose, dry-run")
quarantine_app = typer.Typer(no_args_is_help=True, help="隔离区 / rows that were refused")
lake_app = typer.Typer(no_args_is_help=True, help="数据湖的版本与表 / versions and tables of the lake")
app.add_typer(mapping_app, name="mapping")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(lake_app, name="lake")

Wait = Annotated[bool, typer.Option("--wait", help="等待其他导入结束 / wait for another import to end")]
OfMapping = Annotated[str | None, typer.Option("--mapping", help="只看此映射 / only of this mapping")]


@app.command()
def ingest(
    mappings: Annotated[list[Path], typer.Argument(metavar="MAPPING.yaml…", help="映射文件 / mapping files")],
    force: Annotated[bool, typer.Option("--force", help="已导入的文件也重新导入 / load files again")] = False,
    wait: Wait = False,
) -> None:
    """导入数据 / Load data into the lake; a file that was loaded before is skipped."""
    now = settings()
    for file in mappings:
        mapping = load_mapping(file, now.pack)
        with _steps() as step:
            for report in load(now.lake, mapping, force=force, wait=wait, step=step):
                _print(report)


@mapping_app.command("new")
def new(
    source: Annotated[str, typer.Argument(help="文件或数据库地址 / file or database URL")],
    query: Annotated[str | None, typer.Option(help="数据库查询 / SELECT for a database")] = None,
    table: Annotated[str | None, typer.Option(help="目标表 / canonical table")] = None,
    to: Annotated[Path | None, typer.Option(help="写入文件 / write to a file")] = None,
) -> None:
    """按列名提出一份映射 / Propose a mapping from the headings of a source."""
    text = propose(settings().pack, source, query=query, table=table, folder=to.parent if to else None)
    if to is None:
        typer.echo(text, nl=False)
        return
    with to.open("x", encoding="utf-8") as stream:
        stream.write(text)
    out.print(settings().say(f"已写入 {to},请核对", f"written to {to}; check it"), markup=False)


@mapping_app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="MAPPING.yaml")]) -> None:
    """试运行:会接收什么、拒绝什么、为什么 / Dry run: what would be accepted and refused, and why."""
    now = settings()
    with _steps() as step:
        for report in dry_run(now.lake, load_mapping(file, now.pack), step=step):
            _print(report)
    out.print(now.say("试运行,未写入任何数据", "dry run: nothing was written"))


@quarantine_app.command("list")
def list_(
    mapping: OfMapping = None,
    everything: Annotated[bool, typer.Option("--all", help="含已解决的 / resolved ones too")] = False,
    limit: int = 100,
) -> None:
    """列出被拒绝的行 / List the rows that were refused, newest first."""
    now = settings()
    rows = refused.entries(now.lake.snapshot(), mapping=mapping)
    rows = [row for row in rows if everything or row["status"] != refused.RESOLVED]
    heads = now.say(
        "批次 映射 来源 行 记录 表 规则 原因 状态", "batch mapping source line record table rule reason status"
    )
    table = Table(*heads.split())
    for row in rows[:limit]:
        reason = row[f"reason_{now.language}"]
        cells = (row["batch"], row["mapping"], Path(row["source"]).name, row["line"], row["record"], row["table_name"])
        table.add_row(*("" if cell is None else str(cell) for cell in (*cells, row["rule"], reason, row["status"])))
    out.print(table)
    errors.print(now.say(f"{len(rows)} 行", f"{len(rows)} rows"))


@quarantine_app.command("export")
def export(to: Path, mapping: OfMapping = None) -> None:
    """把未解决的行写成 CSV / Write the open rows as CSV. The file holds patients' data."""
    now = settings()
    count = refused.export(now.lake.snapshot(), to, mapping=mapping)
    out.print(now.say(f"{to}:{count} 行(含患者信息)", f"{to}: {count} rows (patients' data)"), markup=False)


@quarantine_app.command("retry")
def retry(file: Annotated[Path, typer.Argument(metavar="MAPPING.yaml")], wait: Wait = False) -> None:
    """用修正后的映射重试 / Run quarantined rows again through the mended mapping."""
    now = settings()
    with _steps() as step:
        _print(run_again(now.lake, load_mapping(file, now.pack), wait=wait, step=step))


@lake_app.command("versions")
def versions(limit: int = 30) -> None:
    """数据湖的版本 / The versions of the lake, newest first."""
    now = settings()
    table = Table(*now.say("版本 时间 说明", "version time note").split())
    for number in list(reversed(now.lake.versions.numbers()))[:limit]:
        version = now.lake.versions.read(number)
        table.add_row(str(number), f"{version.time:%Y-%m-%d %H:%M:%S}", version.note)
    out.print(table)


@lake_app.command("tables")
def tables(version: Annotated[int | None, typer.Option(help="默认最新 / default: newest")] = None) -> None:
    """各表行数与月份 / Rows and months of each table."""
    now = settings()
    snapshot = now.lake.snapshot(version)
    table = Table(*now.say("表 名称 行数 文件 最早 最晚", "table label rows files first last").split())
    for name, spec in now.lake.tables.items():
        if rows := snapshot.rows(name):
            months = [month for month in snapshot.months(name) if month[:1].isdigit()]
            ends = (months[0], months[-1]) if months else ("", "")
            table.add_row(name, spec.label(now.language), f"{rows:,}", str(len(snapshot.files(name))), *ends)
    out.print(table)


@lake_app.command("extract")
def extract(
    folder: Annotated[Path, typer.Argument(help="新文件夹 / a new folder")],
    tables: Annotated[list[str] | None, typer.Argument(help="表；默认全部 / tables; default: all with rows")] = None,
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM", help="起始月 / first month")] = "",
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM", help="截止月 / last month")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV 而非 Parquet / CSV rather than Parquet")] = False,
) -> None:
    """导出去标识化数据供分析 / Write tables for analysis, without what names a patient."""
    now = settings()
    if odd := [month for month in (since, until) if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month)]:
        raise ValueError(now.say(f"{odd[0]} 不是月份，请写成 2026-01", f"{odd[0]} is no month; write it like 2026-01"))
    snapshot = now.lake.snapshot()
    wanted = tables or [name for name in now.lake.tables if snapshot.rows(name)]
    months = {month for name in wanted if name in now.lake.tables for month in snapshot.months(name)}
    chosen = [month for month in months if since <= month <= (until or "~")] if since or until else None
    made = deidentified(snapshot, folder, wanted, chosen, "csv" if as_csv else "parquet")
    table = Table(*now.say("表 行数", "table rows").split())
    for name, rows in made.items():
        table.add_row(name, f"{rows:,}")
    out.print(table)
    out.print(
        now.say(
            f"各列如何处理见 {folder}/columns.csv。就诊时间保留，仍属个人信息，请按院内规定保管。",
            f"{folder}/columns.csv says what became of each column. Times of care stay: handle it as personal data.",
        )
    )


@lake_app.command("prune")
def prune(keep: Annotated[int, typer.Option(help="保留最新的版本数 / how many of the newest versions stay")]) -> None:
    """清理旧版本;出过简报的和计算所用的保留 / Delete old versions; printed and measured ones stay."""
    now = settings()
    state = MeasureStore(now.home).state()
    gone = delete_versions(now.lake, keep, [state.lake_version] if state else [])
    out.print(
        now.say(
            f"删除 {len(gone.versions)} 个版本、{gone.files} 个文件({gone.size / 1e6:.1f} MB)",
            f"{len(gone.versions)} versions and {gone.files} files deleted ({gone.size / 1e6:.1f} MB)",
        )
    )


def _print(report: Report) -> None:
    out.print(report.text(settings().language), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """A progress bar that names the step at work and counts those done."""
    with progress() as bar:
        task = bar.add_task("", total=None)
        done = iter(range(1_000_000))
        yield lambda name: bar.update(task, description=name, completed=next(done))
