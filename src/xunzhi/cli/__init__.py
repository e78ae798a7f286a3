"""The command line: `xunzhi …`. One module per group of commands; this one holds what they share."""

from __future__ import annotations

from xunzhi.cli.app import app, main

__all__ = ["app", "main"]
