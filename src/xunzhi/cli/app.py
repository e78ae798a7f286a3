"""The `xunzhi` command: where the installation is, which language it speaks, and how it fails."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from xunzhi.lake import Lake, LakeError
from xunzhi.measures import MeasureError
from xunzhi.standards import Label, Pack, StandardsError
from xunzhi.standards.local import installed
from xunzhi.standards.pack import DEFAULT_PACK

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
WIDE = 200
"""Columns of output that goes to a file or another program: nothing is cut there to fit a screen."""

out = Console(width=None if sys.stdout.isatty() else WIDE)
errors = Console(stderr=True)

EXIT_PROBLEM = 2
KNOWN = (LakeError, MeasureError, StandardsError, ValueError, KeyError, FileNotFoundError, FileExistsError)
"""Errors whose text tells the user what to do; anything else is a bug and shows its trace."""


@dataclass(frozen=True)
class Settings:
    """What every command knows."""

    home: Path
    pack_name: str
    language: str

    @cached_property
    def pack(self) -> Pack:
        """The standards in use: the installation's own, or a pack by name or folder; with the hospital's targets."""
        return installed(self.home, self.pack_name)

    @cached_property
    def lake(self) -> Lake:
        """The facts of the installation."""
        return Lake(self.home, self.pack)

    def say(self, zh: str, en: str) -> str:
        """The text in the user's language."""
        return Label(zh=zh, en=en)(self.language)


_settings: list[Settings] = []


def settings() -> Settings:
    """The settings of this call."""
    return _settings[-1]


@app.callback()
def _begin(
    home: Annotated[Path, typer.Option(envvar="XUNZHI_HOME", help="数据目录 / where everything is stored")] = Path(
        "xunzhi-home"
    ),
    pack: Annotated[
        str, typer.Option(envvar="XUNZHI_PACK", help="标准包名称或目录 / pack name or folder")
    ] = DEFAULT_PACK,
    language: Annotated[str, typer.Option(envvar="XUNZHI_LANGUAGE", help="zh / en")] = "zh",
) -> None:
    """循质:医院质量管理 / Xunzhi: hospital quality management."""
    if language not in ("zh", "en"):
        raise ValueError(f"语言须为 zh 或 en / language must be zh or en, got {language!r}")
    _settings.append(Settings(home, pack, language))


def progress() -> Progress:
    """Progress bars, on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True)


def main() -> None:
    """Run a command; a known error is one message and exit code 2, no trace."""
    try:
        app()
    except KNOWN as error:
        if os.environ.get("XUNZHI_TRACE"):
            raise
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        errors.print(f"[red]{type(error).__name__}[/red]: ", end="")
        errors.print(str(text), markup=False, highlight=False)
        sys.exit(EXIT_PROBLEM)


from xunzhi.cli import audit as _audit  # noqa: E402  commands register themselves on `app`
from xunzhi.cli import bulletin as _bulletin  # noqa: E402
from xunzhi.cli import ingest as _ingest  # noqa: E402
from xunzhi.cli import measure as _measure  # noqa: E402
from xunzhi.cli import site as _site  # noqa: E402
from xunzhi.cli import synth as _synth  # noqa: E402

__all__ = [
    "Settings",
    "_audit",
    "_bulletin",
    "_ingest",
    "_measure",
    "_site",
    "_synth",
    "app",
    "errors",
    "main",
    "out",
    "progress",
    "settings",
]
