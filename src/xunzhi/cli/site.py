"""Commands of the site: run it, set it up, keep it safe."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from xunzhi.cli.app import app, out, settings


def _site(module: str) -> ModuleType:
    """A module of the site, set up for this installation. Imported on demand: other commands start without Django."""
    now = settings()
    os.environ["XUNZHI_HOME"] = str(now.home.absolute())
    os.environ["XUNZHI_PACK"] = now.pack_name
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xunzhi.web.settings")
    now.home.mkdir(parents=True, exist_ok=True)
    return import_module(f"xunzhi.web.{module}")


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 / port")] = 8000,
    bind: Annotated[str, typer.Option(help="监听地址；0.0.0.0 为所有网卡 / address to listen on")] = "127.0.0.1",
    processes: Annotated[int, typer.Option(min=1, help="站点进程数 / processes that answer requests")] = 2,
    workers: Annotated[int, typer.Option(min=1, help="后台任务进程数 / processes that do jobs")] = 2,
) -> None:
    """运行站点、后台任务与定时器，Ctrl-C 全部结束 / Run the site, its workers and its clock; Ctrl-C ends all."""
    now = settings()

    def ready() -> None:
        address = f"http://{bind}:{port}/"
        out.print(now.say(f"站点已就绪：{address}（Ctrl-C 结束）", f"the site is ready: {address} (Ctrl-C ends it)"))

    _site("serve").serve(bind, port, processes, workers, ready)


@app.command()
def init(
    demo: Annotated[bool, typer.Option("--demo", help="示范医院：组织、账号与历史 / demo hospital")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 / port")] = 8000,
) -> None:
    """建立新站点，打印首次设置码 / Found a new site and print the code of its first page."""
    now = settings()
    founding = _site("founding")
    founding.prepare(f"http://127.0.0.1:{port}", demo=demo)
    if demo:
        _site("demo").seed(lambda zh, en: out.print(now.say(zh, en), markup=False))
        return
    if import_module("xunzhi.web.accounts.models").User.objects.exists():
        out.print(
            now.say("站点已经建立，请用 xunzhi serve 启动", "the site exists already; start it with xunzhi serve")
        )
        return
    out.print(now.say("已建立。下一步：", "Founded. What is next:"))
    out.print(f"  1. xunzhi --home {now.home} serve --port {port}", markup=False, highlight=False)
    out.print(f"  2. http://127.0.0.1:{port}/setup", markup=False, highlight=False)
    out.print(
        now.say("     设置码（只用一次，勿外传）：", "     setup code (works once; keep it to yourself): ")
        + founding.setup_code(),
        markup=False,
        highlight=False,
    )


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="备份文件（.tar）/ file to write")]) -> None:
    """备份：数据库、附件、数据湖、指标、设置，站点运行时也可 / Back up everything, also while the site runs."""
    now = settings()
    count = _site("backup").backup(file, lambda zh, en: out.print(now.say(zh, en), markup=False))
    size = file.stat().st_size / 1e6
    out.print(
        now.say(
            f"{file}：{count} 个文件，{size:.1f} MB（含患者数据与密钥，请妥善保管）",
            f"{file}: {count} files, {size:.1f} MB (with patients' data and keys: keep it safe)",
        ),
        markup=False,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 / file to read")],
    force: Annotated[bool, typer.Option("--force", help="替换已有数据（原数据另存）/ replace what is there")] = False,
) -> None:
    """恢复备份：先核验每个文件，再替换 / Restore a backup: every file is verified before anything changes."""
    now = settings()
    count = _site("backup").restore(file, lambda zh, en: out.print(now.say(zh, en), markup=False), force=force)
    out.print(now.say(f"已恢复 {count} 个文件", f"{count} files restored"), markup=False)
