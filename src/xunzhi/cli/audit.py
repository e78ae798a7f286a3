"""Commands on the audit log."""

from __future__ import annotations

from importlib import import_module

import typer

from xunzhi.cli.app import app, out, progress, settings

audit = typer.Typer(no_args_is_help=True, help="审计日志 / the audit log")
app.add_typer(audit, name="audit")


@audit.command()
def verify() -> None:
    """核验审计日志是否完整:修改、删除、截断均可发现 / Verify the audit log: finds any edit, deletion or truncation."""
    now = settings()
    start = import_module("xunzhi.web.start")  # here: other commands don't wait for Django
    with start.started(now.home, now.pack_name, now.language), progress() as bar:
        task = bar.add_task("", total=1)
        walk = import_module("xunzhi.web.audit.verify").verify
        verdict = walk(lambda share: bar.update(task, completed=share))
        text = verdict.text
    out.print(text, style=None if verdict.whole else "red", markup=False)
    if not verdict.whole:
        raise typer.Exit(1)
