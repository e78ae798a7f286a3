"""Commands of the site: run it, set it up, keep it safe."""

from __future__ import annotations

import os
from importlib import import_module
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
